package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.base.Names;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Named sets of options for containers to be made, in a file each. What they mean is up to who
 * reads them; a container that was made with one does not change with it.
 */
public final class Profiles {
  private static final String SUFFIX = ".json";
  private static final int SCHEMA = 1;

  private final Path directory;
  private final ReentrantLock lock = new ReentrantLock();

  Profiles(Path state) {
    this.directory = state.resolve("profiles");
  }

  /** What a file says. */
  record Stored(int schema, List<String> options) {}

  /** Makes one. */
  public void create(String name, List<String> options) {
    lock.lock();
    try {
      if (!Names.isValid(name)) {
        throw new EngineException.Invalid(
            "create profile", name, "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed in a name");
      }
      if (Files.exists(file(name))) {
        throw new EngineException.Conflict(
            "create profile", name, "there is one already; 'kapsel profile set' changes it");
      }
      write(name, options);
    } finally {
      lock.unlock();
    }
  }

  /** Puts other options in the place of those that it has. */
  public void set(String name, List<String> options) {
    lock.lock();
    try {
      List<String> _ = options(name);
      write(name, options);
    } finally {
      lock.unlock();
    }
  }

  private void write(String name, List<String> options) {
    try {
      Files.createDirectories(directory);
      AtomicFile.write(
          file(name),
          Json.write(new Stored(SCHEMA, options)),
          AtomicFile.Durability.SURVIVES_POWER_LOSS);
    } catch (IOException e) {
      throw new EngineException.Failed("write profile", name, AtomicFile.reason(e), e);
    }
  }

  /** The options of one. */
  public List<String> options(String name) {
    if (!Names.isValid(name)) {
      throw missing(name);
    }
    try {
      Stored stored = Json.read(Files.readAllBytes(file(name)), Stored.class);
      if (stored.schema() > SCHEMA) {
        throw new EngineException.Conflict(
            "read profile", name, "it was written by a newer version");
      }
      return stored.options();
    } catch (NoSuchFileException e) {
      throw missing(name);
    } catch (IOException e) {
      throw new EngineException.Failed("read profile", name, AtomicFile.reason(e), e);
    } catch (JsonException e) {
      throw new EngineException.Failed("read profile", name, String.valueOf(e.getMessage()), e);
    }
  }

  private static EngineException missing(String name) {
    return new EngineException.NotFound(name, "there is no such profile");
  }

  /** Their names, in order. */
  public List<String> list() {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(each -> each.getFileName().toString())
          .filter(each -> each.endsWith(SUFFIX))
          .map(each -> each.substring(0, each.length() - SUFFIX.length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new EngineException.Failed("list", "the profiles", AtomicFile.reason(e), e);
    }
  }

  /** Removes one; containers that were made with it stay as they are. */
  public void remove(String name) {
    lock.lock();
    try {
      List<String> _ = options(name);
      Files.deleteIfExists(file(name));
    } catch (IOException e) {
      throw new EngineException.Failed("remove profile", name, AtomicFile.reason(e), e);
    } finally {
      lock.unlock();
    }
  }

  private Path file(String name) {
    return directory.resolve(name + SUFFIX);
  }
}
