package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.AtomicFile.Durability;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.base.Names;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Checkpoints in a directory, each in one of its own. What is not whole yet, or is being removed,
 * has a name that is no checkpoint's.
 */
final class CheckpointStore {
  private static final System.Logger LOG = System.getLogger(CheckpointStore.class.getName());
  private static final String FILE = "checkpoint.json";
  private static final String AHEAD = "ahead";

  private final Path directory;

  CheckpointStore(Path directory) {
    this.directory = directory;
  }

  private Path of(String name) {
    return directory.resolve(name);
  }

  /** Where the images of one are. */
  Path images(String name) {
    return images(of(name));
  }

  /** The same for one that is being made. */
  static Path images(Path place) {
    return place.resolve("images");
  }

  /** All, the oldest first. */
  List<Checkpoint> list() {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(directory)) {
      return all.filter(each -> Names.isValid(each.getFileName().toString()))
          .flatMap(each -> read(each).stream())
          .sorted(Comparator.comparing(Checkpoint::createdAt).thenComparing(Checkpoint::name))
          .toList();
    } catch (IOException e) {
      throw new EngineException.Failed("list", directory.toString(), AtomicFile.reason(e), e);
    }
  }

  private static Optional<Checkpoint> read(Path place) {
    try {
      Checkpoint read = Json.read(Files.readAllBytes(place.resolve(FILE)), Checkpoint.class);
      return read.schema() > Checkpoint.SCHEMA ? Optional.empty() : Optional.of(read);
    } catch (NoSuchFileException e) {
      return Optional.empty(); // somebody else's directory
    } catch (IOException | JsonException | IllegalArgumentException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "a checkpoint cannot be read directory={0} reason={1}",
          place,
          e.getMessage());
      return Optional.empty();
    }
  }

  /** The one of that name. */
  Checkpoint get(String name) {
    Optional<Checkpoint> found = Names.isValid(name) ? read(of(name)) : Optional.empty();
    return found.orElseThrow(() ->
        new EngineException.NotFound(name, "there is no such checkpoint in '" + directory + "'"));
  }

  /** Gives the work an empty directory for a new one, which is gone again if it fails. */
  <T> T make(String name, Function<Path, T> work) {
    Path place = begin(name);
    boolean whole = false;
    try {
      T made = work.apply(place);
      whole = true;
      return made;
    } finally {
      if (!whole) {
        giveUp(place, name);
      }
    }
  }

  private Path begin(String name) {
    if (!Names.isValid(name)) {
      throw new EngineException.Invalid(
          "checkpoint", name, "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    }
    if (Files.exists(of(name))) {
      throw new EngineException.Conflict(
          "checkpoint",
          name,
          "'" + of(name) + "' is there already; remove it, or take another name");
    }
    Path place = directory.resolve("." + name + ".new");
    delete(place);
    makeDirectory(place);
    makeDirectory(images(place), "rwx--x--x");
    return place;
  }

  /** A directory that is root's alone: what was in memory may be secret. */
  static Path makeDirectory(Path place) {
    return makeDirectory(place, "rwx------");
  }

  /** Processes that come back open images, as root of their user namespace. */
  private static Path makeDirectory(Path place, String mode) {
    try {
      Files.createDirectories(place);
      Files.setPosixFilePermissions(place, PosixFilePermissions.fromString(mode));
      return place;
    } catch (IOException e) {
      throw new EngineException.Failed("make", place.toString(), AtomicFile.reason(e), e);
    }
  }

  /** The images are whole. */
  void complete(Path place, Checkpoint made) {
    AtomicFile.write(place.resolve(FILE), Json.write(made), Durability.SURVIVES_POWER_LOSS);
    completeAhead(place, made.name());
  }

  /** Memory alone is whole: it has the place of a checkpoint, and is none. */
  void completeAhead(Path place, String name) {
    try {
      Files.move(place, of(name), StandardCopyOption.ATOMIC_MOVE);
      AtomicFile.flush(directory);
    } catch (IOException e) {
      throw new EngineException.Failed("checkpoint", name, AtomicFile.reason(e), e);
    }
  }

  /**
   * Takes images into those that are being made, by links: whoever comes back from there opens
   * them, and gets to no place that is root's alone.
   *
   * @return their name in there
   */
  static String adopt(Path place, Path images) {
    Path own = images(place).resolve(AHEAD);
    try (Stream<Path> all = Files.walk(images)) {
      for (Path each : all.toList()) {
        Path target = own.resolve(images.relativize(each).toString());
        if (Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)) {
          makeDirectory(target, "rwxr-xr-x");
        } else {
          link(each, target);
        }
      }
      return AHEAD;
    } catch (IOException | UncheckedIOException e) {
      throw new EngineException.Failed(
          "read", images.toString(), String.valueOf(e.getMessage()), e);
    }
  }

  private static void link(Path file, Path target) throws IOException {
    try {
      Files.createLink(target, file);
    } catch (FileSystemException e) { // another file system
      Files.copy(file, target, LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  /** Removes one; what cannot be read goes, too. */
  void remove(String name) {
    if (!Names.isValid(name) || !Files.exists(of(name).resolve(FILE))) {
      Checkpoint _ = get(name);
    }
    Path gone = directory.resolve("." + name + ".gone");
    delete(gone);
    try {
      Files.move(of(name), gone, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new EngineException.Failed("remove", name, AtomicFile.reason(e), e);
    }
    delete(gone);
  }

  /** Gives up one that cannot be completed. */
  private void giveUp(Path place, String name) {
    delete(place);
    delete(of(name));
  }

  private void delete(Path place) {
    if (!Files.exists(place)) {
      return;
    }
    try (Fd parent = Open.path(directory.toString(), OpenFlags.DIRECTORY)) {
      Trees.delete(parent, String.valueOf(place.getFileName()));
    } catch (SyscallException e) {
      throw new EngineException.Failed(
          "remove", place.toString(), String.valueOf(e.getMessage()), e);
    }
  }
}
