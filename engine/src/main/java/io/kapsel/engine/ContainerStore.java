package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.HexId;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.base.StateFile;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.Trees;
import io.kapsel.linux.mount.FilesystemContext;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.Mounts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;

/** The directories of containers: state that outlives a reboot, and run-time files that do not. */
final class ContainerStore implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ContainerStore.class.getName());
  private static final String FILE = "container.json";
  private static final String SOCKET = "control.sock";

  private final Path state;
  private final Path run;
  private final EngineClaim claim;
  private final Trash stateTrash;
  private final Trash runTrash;

  /** Opens the directories for one engine; a second one is refused. */
  public ContainerStore(Path state, Path run) {
    this.state = state;
    this.run = run;
    try {
      for (Path each : List.of(state, run)) {
        Files.createDirectories(each);
        Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwx------"));
      }
      Files.createDirectories(state.resolve("containers"));
      Files.createDirectories(run.resolve("containers"));
    } catch (IOException e) {
      throw new EngineException.Failed("open", state.toString(), AtomicFile.reason(e), e);
    }
    claim = EngineClaim.take(state, run);
    try {
      stateTrash = new Trash(state.resolve("trash"));
      runTrash = new Trash(run.resolve("trash"));
    } catch (IOException e) {
      claim.close();
      throw new EngineException.Failed("open", state.toString(), AtomicFile.reason(e), e);
    }
  }

  /** The directory of a container's state. */
  public Path stateOf(String id) {
    return state.resolve("containers").resolve(id);
  }

  /**
   * The directory that has what a container writes, in {@code upper}, and {@code work} beside it.
   */
  Path layerOf(String id) {
    return isInMemory(id) ? memoryOf(id) : stateOf(id);
  }

  /** Whether what it writes is in memory. */
  boolean isInMemory(String id) {
    return Files.isDirectory(memoryOf(id));
  }

  private Path memoryOf(String id) {
    return stateOf(id).resolve("memory");
  }

  /** The same for what it writes above a directory of the host, and above no other one. */
  static Path layerAbove(Path files, MountRequest.Bind mount) {
    String both = mount.source() + "\0" + mount.target();
    UUID name = UUID.nameUUIDFromBytes(both.getBytes(StandardCharsets.UTF_8));
    return files.resolveSibling("layers").resolve(name.toString());
  }

  /** The directory of a container's run-time files. */
  public Path runOf(String id) {
    return run.resolve("containers").resolve(id);
  }

  /** Marks an id as ours before anything is made for it: a crash leaves none behind. */
  public void reserve(String id) {
    try {
      Files.createDirectory(runOf(id));
    } catch (IOException e) {
      throw new EngineException.Failed("create", id, AtomicFile.reason(e), e);
    }
  }

  /** Makes the directories of a container whose id is reserved. */
  public void make(String id) {
    try {
      Path directory = Files.createDirectory(stateOf(id));
      fill(directory);
      Files.createDirectory(directory.resolve("files"));
    } catch (IOException e) {
      throw new EngineException.Failed("create", id, AtomicFile.reason(e), e);
    }
  }

  private static void fill(Path layer) throws IOException {
    Path upper = Files.createDirectories(layer.resolve("upper"));
    Files.setPosixFilePermissions(upper, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectories(layer.resolve("work"));
  }

  /**
   * Lets a container that has written nothing write to memory. What it writes is gone with the
   * container, and with the machine's end.
   *
   * @param most bytes; absent: as many as the kernel lets a tmpfs have
   */
  void intoMemory(String id, Optional<Long> most) {
    Path memory = memoryOf(id);
    try (FilesystemContext context = FilesystemContext.open("tmpfs")) {
      Files.createDirectory(memory);
      context.option("mode", "700");
      most.ifPresent(bytes -> context.option("size", Long.toString(bytes)));
      try (Fd made = context.mount(MountAttributes.NO_DEVICES);
          Fd place = Open.path(memory.toString(), OpenFlags.PATH)) {
        Mounts.move(made, place);
      }
      fill(memory);
    } catch (IOException e) {
      throw new EngineException.Failed("create", id, AtomicFile.reason(e), e);
    } catch (SyscallException e) {
      throw new EngineException.Failed("create", id, String.valueOf(e.getMessage()), e);
    }
  }

  /** Makes a layer above a directory unless it is there. */
  static void makeLayer(Path layer, Path like) {
    try {
      if (Files.notExists(layer.resolve("upper"))) {
        fill(layer);
        resemble(layer.resolve("upper"), like);
      }
    } catch (IOException e) {
      throw new EngineException.Failed("make", layer.toString(), AtomicFile.reason(e), e);
    } catch (SyscallException e) {
      throw new EngineException.Failed("make", layer.toString(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Moves what a container has changed out of its directory. */
  void moveLayer(String id, Path target) {
    try {
      Files.move(layerOf(id).resolve("upper"), target);
    } catch (IOException e) {
      throw new EngineException.Failed("keep the layer of", id, AtomicFile.reason(e), e);
    }
  }

  /** Gives a container that does not run an empty layer, which looks like the one below it. */
  void renewLayer(String id, Optional<Path> like) {
    Path upper = layerOf(id).resolve("upper");
    discard(stateTrash, upper);
    forgetMount(id);
    try {
      Files.createDirectory(upper);
      Files.setPosixFilePermissions(upper, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new EngineException.Failed("make a layer for", id, AtomicFile.reason(e), e);
    }
    like.ifPresent(other -> resemble(upper, other));
  }

  /** The root directory of a container is the one of its upper layer. */
  static void resemble(Path upper, Path other) {
    try (Fd from = Open.path(other.toString(), OpenFlags.DIRECTORY);
        Fd to = Open.path(upper.toString(), OpenFlags.DIRECTORY)) {
      FileStatus status = Attributes.status(from);
      Attributes.own(to, status.uid(), status.gid());
      Attributes.mode(to, status.mode());
    }
  }

  /** Takes a tree away from below the state directory. */
  void discard(Path tree) {
    discard(stateTrash, tree);
  }

  /** Writes a container's record; one that goes away with its end need not outlive the machine. */
  public void save(StoredContainer container) {
    save(
        container,
        container.spec().autoRemove()
            ? AtomicFile.Durability.SURVIVES_CRASH
            : AtomicFile.Durability.SURVIVES_POWER_LOSS);
  }

  /** Writes a container's record. */
  void save(StoredContainer container, AtomicFile.Durability durability) {
    try {
      AtomicFile.write(stateOf(container.id()).resolve(FILE), Json.write(container), durability);
    } catch (java.io.UncheckedIOException e) {
      throw new EngineException.Failed("save", container.name(), String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Makes the directory for what ends with the program, which a reboot may have removed. One that
   * is still there tells of an end that could not be written, as when the disk was full.
   */
  void beginRun(String id) {
    try {
      if (Files.exists(runOf(id).resolve(SOCKET))) {
        endRun(id);
      }
      if (!Files.isDirectory(runOf(id))) {
        Files.createDirectories(runOf(id));
      }
    } catch (IOException e) {
      throw new EngineException.Failed("start", id, AtomicFile.reason(e), e);
    }
  }

  /** Lets an overlay be mounted again that was mounted without care for a power loss. */
  void forgetMount(String id) {
    Path work = layerOf(id).resolve("work");
    discard(stateTrash, work);
    try {
      Files.createDirectory(work);
    } catch (IOException e) {
      throw new EngineException.Failed("start", id, AtomicFile.reason(e), e);
    }
  }

  /** When the monitor of a container was started: it made the exit record then. */
  java.time.Instant startOf(String id) {
    try {
      return Files.getLastModifiedTime(runOf(id).resolve(SOCKET)).toInstant();
    } catch (IOException e) {
      return java.time.Instant.now();
    }
  }

  /** Removes what ends with the program: the monitor's socket and the exit record. */
  void endRun(String id) {
    discard(runTrash, runOf(id));
  }

  /** Removes all directories of a container. */
  public void remove(String id) {
    discard(runTrash, runOf(id));
    if (isInMemory(id)) {
      forgetMemory(id);
    }
    discard(stateTrash, stateOf(id));
  }

  private void forgetMemory(String id) {
    try {
      Mounts.detach(memoryOf(id).toString());
    } catch (SyscallException e) {
      LOG.log(System.Logger.Level.DEBUG, "nothing is mounted, as after a reboot id=" + id, e);
    }
  }

  /** Returns when what was removed does not come back after a power loss. */
  void flush() {
    try {
      AtomicFile.flush(state.resolve("containers"));
    } catch (IOException e) {
      throw new EngineException.Failed("flush", state.toString(), AtomicFile.reason(e), e);
    }
  }

  private static void discard(Trash trash, Path tree) {
    try {
      trash.add(tree);
    } catch (IOException e) {
      delete(tree); // as when the disk is so full that nothing can be renamed
    }
  }

  private static void delete(Path tree) {
    Path above = tree.getParent();
    if (above != null) {
      try (Fd parent = Open.path(above.toString(), OpenFlags.DIRECTORY)) {
        Trees.delete(parent, tree.getFileName().toString());
      }
    }
  }

  /** Every id that has a directory, whole or not. */
  public List<String> ids() {
    TreeSet<String> ids = new TreeSet<>();
    for (Path parent : List.of(state.resolve("containers"), run.resolve("containers"))) {
      try (Stream<Path> all = Files.list(parent)) {
        all.map(each -> each.getFileName().toString()).filter(HexId::isWhole).forEach(ids::add);
      } catch (IOException e) {
        throw new EngineException.Failed("list", parent.toString(), AtomicFile.reason(e), e);
      }
    }
    return new ArrayList<>(ids);
  }

  /** Whether the container was made completely. */
  public boolean isWhole(String id) {
    return Files.exists(stateOf(id).resolve(FILE));
  }

  /**
   * Reads a record.
   *
   * @throws JsonException when it is damaged
   * @throws EngineException.Refused when a newer version has written it
   */
  public StoredContainer load(String id) throws IOException {
    byte[] text = Files.readAllBytes(stateOf(id).resolve(FILE));
    if (StateFile.isNewer(text, StoredContainer.SCHEMA, id)) {
      throw new EngineException.Refused(
          "open",
          state.toString(),
          "a newer version of Kapsel has written container '%s'; use that, or another KAPSEL_STATE"
              .formatted(id));
    }
    StoredContainer read = Json.read(text, StoredContainer.class);
    if (read.schema() > StoredContainer.SCHEMA || !read.id().equals(id)) {
      throw new IOException("it is of no version that is known, or of another container");
    }
    return read;
  }

  /** Whether a damaged container was put aside. */
  boolean hasQuarantine() {
    try (Stream<Path> all = Files.list(state.resolve("quarantine"))) {
      return all.findAny().isPresent();
    } catch (IOException e) {
      return false; // there is none
    }
  }

  /** Puts a damaged container aside, where people can look at it. */
  public void quarantine(String id, String reason) {
    Path aside = state.resolve("quarantine").resolve(id + "-" + System.nanoTime());
    LOG.log(
        System.Logger.Level.ERROR,
        "a container cannot be read and was put aside id={0} reason={1} directory={2}",
        id,
        reason,
        aside);
    try {
      Files.createDirectories(aside.getParent());
      Files.move(stateOf(id), aside);
      discard(runTrash, runOf(id));
    } catch (IOException e) {
      throw new EngineException.Failed("quarantine", id, AtomicFile.reason(e), e);
    }
  }

  @Override
  public void close() {
    stateTrash.close();
    runTrash.close();
    claim.close();
  }
}
