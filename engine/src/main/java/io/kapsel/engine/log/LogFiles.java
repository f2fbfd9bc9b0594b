package io.kapsel.engine.log;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * The files of one log: {@code NAME} is written to, {@code NAME.1} was before it, and so on; those
 * that are packed end with {@code .gz}. They are renamed and packed at any moment, so each is known
 * by its inode, and a packed one also by that of the file it was.
 */
public final class LogFiles {
  /** How names of packed files end. */
  static final String PACKED = ".gz";

  private static final int ATTEMPTS = 100;

  private final Path directory;
  private final String name;
  private final int most;
  private final Function<SeekableByteChannel, LogFile> format;

  /**
   * Of a log.
   *
   * @param most how many files there may be
   */
  public LogFiles(
      Path directory, String name, int most, Function<SeekableByteChannel, LogFile> format) {
    this.directory = directory;
    this.name = name;
    this.most = most;
    this.format = format;
  }

  /** An open file, and which one it is. */
  public record Opened(LogFile file, long inode) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /** A file where it was found. */
  private record Found(Path path, long inode, boolean packed) {}

  Path path(int age) {
    return directory.resolve(age == 0 ? name : name + "." + age);
  }

  static Path packed(Path plain) {
    return plain.resolveSibling(plain.getFileName() + PACKED);
  }

  static Optional<Long> inode(Path path) throws IOException {
    try {
      return Optional.of((Long) Files.getAttribute(path, "unix:ino"));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  /** The file of that age. Where both are there, packing is not done yet. */
  private Optional<Found> found(int age) throws IOException {
    Path plain = path(age);
    Optional<Found> found = inode(plain).map(it -> new Found(plain, it, false));
    if (found.isPresent() || age == 0) {
      return found;
    }
    return inode(packed(plain)).map(it -> new Found(packed(plain), it, true));
  }

  /**
   * Where that file is now. What is open keeps its inode, so a file with it is that one; a packed
   * one may also stand for one of before that had the same, and is older then.
   */
  private OptionalInt age(long inode) throws IOException {
    for (int age = 0; age < most; age++) {
      if (found(age).filter(it -> it.inode() == inode).isPresent()) {
        return OptionalInt.of(age);
      }
    }
    for (int age = 1; age < most; age++) {
      if (stoodFor(packed(path(age))).filter(it -> it == inode).isPresent()) {
        return OptionalInt.of(age);
      }
    }
    return OptionalInt.empty();
  }

  private static Optional<Long> stoodFor(Path packed) throws IOException {
    try (FileChannel channel = FileChannel.open(packed, StandardOpenOption.READ)) {
      return PackedFile.inode(channel);
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  /** Whether an open file is that one, which may have been packed meanwhile. */
  public boolean isSame(Opened file, long inode) throws IOException {
    for (int i = 0; i < ATTEMPTS; i++) {
      OptionalInt before = age(file.inode());
      OptionalInt other = age(inode);
      if (before.equals(age(file.inode()))) { // else it was rotated meanwhile
        return before.isPresent() && before.equals(other);
      }
    }
    return false;
  }

  /** How old the oldest is; empty: there is none. */
  public OptionalInt oldest() throws IOException {
    for (int age = most - 1; age >= 0; age--) {
      if (found(age).isPresent()) {
        return OptionalInt.of(age);
      }
    }
    return OptionalInt.empty();
  }

  /** Opens the one of that age; empty when there is none. */
  public Optional<Opened> open(int age) throws IOException {
    for (int i = 0; i < ATTEMPTS; i++) {
      Optional<Found> before = found(age);
      if (before.isEmpty()) {
        return Optional.empty();
      }
      Optional<Opened> opened = open(before.get());
      if (opened.isPresent()) {
        return opened;
      }
    }
    throw new IOException("it is rotated faster than it can be opened");
  }

  private Optional<Opened> open(Found found) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(found.path(), StandardOpenOption.READ);
    } catch (NoSuchFileException _) {
      return Optional.empty(); // renamed right now
    }
    try {
      if (inode(found.path()).filter(it -> it == found.inode()).isEmpty()) {
        channel.close(); // it was renamed meanwhile: which one was opened?
        return Optional.empty();
      }
      SeekableByteChannel plain = found.packed() ? new PackedFile(channel) : channel;
      return Optional.of(new Opened(format.apply(plain), found.inode()));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * What comes after a file.
   *
   * @param lost whether files in between are gone
   */
  public record Next(Opened opened, boolean lost) {}

  /** Opens the next younger one; empty when there is none yet. */
  public Optional<Next> after(long inode) throws IOException {
    for (int i = 0; i < ATTEMPTS; i++) {
      OptionalInt age = age(inode);
      if (age.isPresent() && age.getAsInt() == 0) {
        return Optional.empty();
      }
      OptionalInt from = age.isPresent() ? OptionalInt.of(age.getAsInt() - 1) : oldest();
      Optional<Opened> opened = from.isPresent() ? open(from.getAsInt()) : Optional.empty();
      if (opened.isEmpty()) {
        return Optional.empty(); // in the middle of a rotation, or removed
      }
      if (age.equals(age(inode))) {
        return Optional.of(new Next(opened.get(), age.isEmpty()));
      }
      opened.get().close();
    }
    return Optional.empty();
  }
}
