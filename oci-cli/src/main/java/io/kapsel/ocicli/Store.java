package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.JsonException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The containers below one root, a directory each. */
record Store(Path directory, String shown) {
  private static final String STATE = "state.json";
  private static final Pattern ID = Pattern.compile("[\\w+.-]+");
  private static final int LONGEST = 1024;

  static void check(String id) {
    if (id.isEmpty()) {
      throw new OciException("container id cannot be empty");
    }
    if (!ID.matcher(id).matches() || id.equals(".") || id.equals("..") || id.length() > LONGEST) {
      throw new OciException("invalid container ID format");
    }
  }

  /** Makes the directory of a new container. */
  Container make(String id) {
    check(id);
    Path place = directory.resolve(id);
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      }
      Files.createDirectory(place);
      Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwx--x--x"));
      return new Container(place, Optional.empty());
    } catch (FileAlreadyExistsException e) {
      throw new OciException("container with given ID already exists", e);
    } catch (IOException e) {
      throw new OciException("mkdir " + place + ": " + AtomicFile.reason(e), e);
    }
  }

  /** The container with that id. */
  Container find(String id) {
    if (id.isEmpty()) {
      throw new OciException("container id cannot be empty");
    }
    if (!ID.matcher(id).matches() || id.equals(".") || id.equals("..")) {
      throw new OciException("container does not exist");
    }
    return read(id).orElseThrow(() -> new OciException("container does not exist"));
  }

  /** The container with that id, if there is one that was made whole. */
  Optional<Container> read(String id) {
    Path place = directory.resolve(id);
    try {
      byte[] state = Files.readAllBytes(place.resolve(STATE));
      return Optional.of(new Container(place, Optional.of(Kept.parse(state))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | JsonException e) {
      throw new OciException("cannot read the state of '" + id + "': " + e.getMessage(), e);
    }
  }

  /** All of them, by id. */
  List<Container> all() {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    List<Container> found = new ArrayList<>();
    try (Stream<Path> names = Files.list(directory)) {
      for (String name : names.map(each -> each.getFileName().toString()).sorted().toList()) {
        read(name).ifPresent(found::add);
      }
    } catch (IOException e) {
      throw new OciException("cannot list '" + shown + "': " + AtomicFile.reason(e), e);
    }
    return found;
  }

  /** What a crash left of a container that never had a state. */
  void sweep(String id) {
    new Container(directory.resolve(id), Optional.empty()).forget();
  }
}
