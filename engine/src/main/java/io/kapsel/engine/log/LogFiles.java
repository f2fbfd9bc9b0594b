package io.kapsel.engine.log;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * The files of one log: {@code NAME} is written to, {@code NAME.1} was before it, and so on. They
 * are renamed at any moment, so each is known by its inode.
 */
public final class LogFiles {
  private static final int ATTEMPTS = 100;

  private final Path directory;
  private final String name;
  private final int most;
  private final Function<FileChannel, LogFile> format;

  /**
   * Of a log.
   *
   * @param most how many files there may be
   */
  public LogFiles(Path directory, String name, int most, Function<FileChannel, LogFile> format) {
    this.directory = directory;
    this.name = name;
    this.most = most;
    this.format = format;
  }

  /** An open file, and which one it is. */
  public record Opened(LogFile file, Object key) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private Path path(int age) {
    return directory.resolve(age == 0 ? name : name + "." + age);
  }

  private Optional<Object> key(int age) throws IOException {
    try {
      Object key = Files.readAttributes(path(age), BasicFileAttributes.class).fileKey();
      return Optional.of(key == null ? path(age) : key);
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  private OptionalInt age(Object key) throws IOException {
    for (int age = 0; age < most; age++) {
      if (key(age).filter(key::equals).isPresent()) {
        return OptionalInt.of(age);
      }
    }
    return OptionalInt.empty();
  }

  /** How old the oldest is; empty: there is none. */
  public OptionalInt oldest() throws IOException {
    for (int age = most - 1; age >= 0; age--) {
      if (key(age).isPresent()) {
        return OptionalInt.of(age);
      }
    }
    return OptionalInt.empty();
  }

  /** Opens the one of that age; empty when there is none. */
  public Optional<Opened> open(int age) throws IOException {
    for (int i = 0; i < ATTEMPTS; i++) {
      Optional<Object> before = key(age);
      if (before.isEmpty()) {
        return Optional.empty();
      }
      try {
        FileChannel channel = FileChannel.open(path(age), StandardOpenOption.READ);
        if (before.equals(key(age))) { // else it was renamed meanwhile: which one was opened?
          return Optional.of(new Opened(format.apply(channel), before.get()));
        }
        channel.close();
      } catch (NoSuchFileException _) {
        // renamed right now
      }
    }
    throw new IOException("it is rotated faster than it can be opened");
  }

  /**
   * What comes after a file.
   *
   * @param lost whether files in between are gone
   */
  public record Next(Opened opened, boolean lost) {}

  /** Opens the next younger one; empty when there is none yet. */
  public Optional<Next> after(Object key) throws IOException {
    for (int i = 0; i < ATTEMPTS; i++) {
      OptionalInt age = age(key);
      if (age.isPresent() && age.getAsInt() == 0) {
        return Optional.empty();
      }
      OptionalInt from = age.isPresent() ? OptionalInt.of(age.getAsInt() - 1) : oldest();
      Optional<Opened> opened = from.isPresent() ? open(from.getAsInt()) : Optional.empty();
      if (opened.isEmpty()) {
        return Optional.empty(); // in the middle of a rotation, or removed
      }
      if (age.equals(age(key))) {
        return Optional.of(new Next(opened.get(), age.isEmpty()));
      }
      opened.get().close();
    }
    return Optional.empty();
  }
}
