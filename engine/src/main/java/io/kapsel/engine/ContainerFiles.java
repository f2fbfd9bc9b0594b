package io.kapsel.engine;

import io.kapsel.engine.files.CopyPlan;
import io.kapsel.engine.files.Ids;
import io.kapsel.engine.files.Lookup;
import io.kapsel.engine.files.PathText;
import io.kapsel.engine.files.TreeReader;
import io.kapsel.engine.files.TreeWriter;
import io.kapsel.image.tar.Packer;
import io.kapsel.image.tar.Unpacker;
import io.kapsel.image.tar.Unpacking;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.confine.Loaded;
import io.kapsel.linux.confine.RootView;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.RootDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * The files of a container as its processes see them, volumes and all, whether it runs or not.
 *
 * <p>Whatever is in there, nothing else of this machine can be reached by it: all is done on a
 * thread whose root is the container's. While the files of one that does not run are copied, it is
 * not started.
 *
 * {@snippet :
 * container.files().copyIn(in, "/in");
 * container.start();
 * container.await();
 * container.files().copyOut("/out", out);
 * }
 */
public final class ContainerFiles {
  private static final String IN_ARCHIVE = ".";

  private final Kapsel engine;
  private final Container container;

  ContainerFiles(Kapsel engine, Container container) {
    this.engine = engine;
    this.container = container;
    Loaded.classes(CopyPlan.class, CopyPlan.class.getPackageName());
  }

  /** What is at a path; a link at its end is not followed. */
  public Optional<FileType> find(String path) {
    return using("look into", view -> look(view, path, false).type());
  }

  /**
   * Small files of one name in the directories of a directory, by the names of those; see {@link
   * RootDirectory#readEach}.
   */
  public Map<String, byte[]> readEach(String directory, String name, int first, int most) {
    return using(
        "look into",
        of -> {
          try (RootView view = of.maker().make()) {
            return Unpacker.look(view, root -> Lookup.each(root, directory, name, first, most));
          }
        });
  }

  /**
   * Writes a file, or a directory and all that is in it, as a tar archive.
   *
   * @param path whose end means what it means for Docker: {@code dir/.} is what is in a directory
   */
  public void read(String path, boolean followLinks, OutputStream tar) {
    using(
        "copy from",
        view -> {
          Lookup.Found found = source(view, path, followLinks);
          CopyPlan.Source source = sourceOf(found, followLinks ? found.path() : path);
          pack(view, found.path(), source.name(), tar);
          return found;
        });
  }

  /** Writes the members of a tar archive, packed or not, below a directory that is there. */
  public void write(String directory, InputStream tar) {
    using(
        "copy to",
        view -> {
          Lookup.Found found = look(view, absolute(directory), true);
          if (found.target() != CopyPlan.Target.DIRECTORY) {
            throw new EngineException.Invalid(
                "copy to",
                container.name(),
                "destination \"%s:%s\" must be a directory".formatted(container.name(), directory));
          }
          extract(view, PathText.clean(found.path()), found, tar);
          return found;
        });
  }

  /**
   * Copies a file or a directory of this machine into the container.
   *
   * @param local an absolute path
   * @param path where to: into the directory that is there, or under that name
   * @return how many bytes that took, as an archive
   */
  public long copyIn(String local, String path, CopyOptions options) {
    return using(
        "copy to",
        view -> {
          Lookup.Found from = LocalFiles.source(local, options.followLinks());
          Lookup.Found to = look(view, absolute(path), true);
          if (to.type().filter(ContainerFiles::isDevice).isPresent()) {
            throw new IOException(
                "destination \"%s:%s\" must be a directory or a regular file"
                    .formatted(container.name(), path));
          }
          CopyPlan plan = CopyPlan.of(sourceOf(from, local), to.target(), to.path());
          Lookup.Found place = look(view, plan.directory(), true);
          checkPlace(place, plan.directory());
          return Transfer.between(
              out -> LocalFiles.read(from.path(), plan.as(), out),
              in -> extract(view, plan.directory(), place, in));
        });
  }

  /**
   * Copies a file or a directory of the container to an absolute path of this machine.
   *
   * @return how many bytes that took, as an archive
   */
  public long copyOut(String path, String local, CopyOptions options) {
    return using(
        "copy from",
        view -> {
          Lookup.Found to = LocalFiles.target(local);
          Lookup.Found from = source(view, path, options.followLinks());
          CopyPlan plan = CopyPlan.of(sourceOf(from, path), to.target(), to.path());
          return Transfer.between(
              out -> pack(view, from.path(), plan.as(), out),
              in -> LocalFiles.write(plan.directory(), options, in));
        });
  }

  /** Copies a file or a directory of this machine into the container. */
  public void copyIn(Path local, String path) {
    long _ = copyIn(local.toAbsolutePath().toString(), path, CopyOptions.PLAIN);
  }

  /** Copies a file or a directory of the container to this machine. */
  public void copyOut(String path, Path local) {
    long _ = copyOut(path, local.toAbsolutePath().toString(), CopyOptions.PLAIN);
  }

  /** What it has changed of the files that it was made from. */
  public Map<String, ChangeKind> changes() {
    Map<String, ChangeKind> all = new LinkedHashMap<>();
    changes(all::put);
    return all;
  }

  /** The same one after the other, by their paths: there may be more than one wants to keep. */
  public void changes(BiConsumer<String, ChangeKind> use) {
    LayerChanges.tell(container.contents().layers(), use);
  }

  private static boolean isDevice(FileType type) {
    return type == FileType.CHARACTER_DEVICE || type == FileType.BLOCK_DEVICE;
  }

  private static String absolute(String path) {
    return path.startsWith("/") ? path : "/" + path;
  }

  private static CopyPlan.Source sourceOf(Lookup.Found found, String written) {
    boolean directory = found.type().filter(FileType.DIRECTORY::equals).isPresent();
    String clean = PathText.clean(written);
    boolean content = PathText.saysContent(written) || clean.equals("/");
    return new CopyPlan.Source(directory, content ? IN_ARCHIVE : PathText.base(clean));
  }

  private Lookup.Found source(RootViews.Of view, String path, boolean followLinks)
      throws IOException {
    if (path.isEmpty()) {
      throw new IOException("bad parameter: path cannot be empty");
    }
    Lookup.Found found = look(view, absolute(path), followLinks);
    if (found.type().isEmpty()) {
      String plain = PathText.clean(absolute(path));
      if (PathText.saysDirectory(path) && look(view, plain, true).type().isPresent()) {
        throw new IOException("lstat " + absolute(path) + ": not a directory");
      }
      throw new EngineException.NotFound(
          path, "Could not find the file %s in container %s".formatted(path, container.name()));
    }
    return found;
  }

  private void checkPlace(Lookup.Found place, String directory) throws IOException {
    if (place.type().isEmpty()) {
      throw new IOException(
          "Could not find the file %s in container %s".formatted(directory, container.name()));
    }
    if (place.target() != CopyPlan.Target.DIRECTORY) {
      throw new IOException("extraction point is not a directory");
    }
  }

  private static Lookup.Found look(RootViews.Of of, String path, boolean follow)
      throws IOException {
    try (RootView view = of.maker().make()) {
      return Unpacker.look(view, root -> Lookup.find(root, path, follow));
    }
  }

  private static void pack(RootViews.Of of, String path, String as, OutputStream out)
      throws IOException {
    String clean = PathText.clean(path);
    Ids ids = of.ids();
    try (RootView view = of.maker().make()) {
      Packer.runIn(view, out, (trees, packed) -> pack(trees, clean, as, ids, packed));
    }
  }

  private static void pack(List<Fd> trees, String clean, String as, Ids ids, OutputStream out)
      throws IOException {
    try (RootDirectory root = RootDirectory.of(trees.getFirst().duplicate());
        Fd parent = root.open(PathText.parent(clean), OpenFlags.PATH | OpenFlags.DIRECTORY)) {
      String name = clean.equals("/") ? "." : PathText.base(clean);
      TreeReader.write(parent, name, as, ids, out);
    }
  }

  private static void extract(
      RootViews.Of of, String directory, Lookup.Found place, InputStream tar) throws IOException {
    if (place.frozen().isPresent()) {
      throw new IOException(place.frozen().get());
    }
    Ids ids = of.ids();
    try (RootView view = of.maker().make();
        InputStream plain = Unpacking.of(tar)) {
      Unpacker.runIn(
          view, plain, (in, root) -> TreeWriter.write(in, root, directory, directory, ids));
    }
  }

  /** What is done with a way to look at the container. */
  @FunctionalInterface
  private interface Use<T> {
    T with(RootViews.Of view) throws IOException;
  }

  private <T> T using(String action, Use<T> use) {
    try {
      container.life().lock();
      boolean held = true;
      try {
        container.checkThere(action);
        Optional<Integer> pid = container.status().pid();
        if (pid.isPresent()) {
          try (Fd namespace = RootViews.namespace(pid.get())) { // later, others may have its number
            container.life().unlock();
            held = false;
            return use.with(RootViews.running(namespace, container.idBase()));
          }
        }
        return stopped(use);
      } finally {
        if (held) {
          container.life().unlock();
        }
      }
    } catch (CopyPlan.Impossible e) {
      throw new EngineException.Invalid(action, container.name(), String.valueOf(e.getMessage()));
    } catch (IOException | SyscallException e) {
      throw new EngineException.Failed(action, container.name(), String.valueOf(e.getMessage()), e);
    }
  }

  private <T> T stopped(Use<T> use) throws IOException {
    StoredContainer stored = container.record();
    engine.volumes.mount(stored.spec());
    try {
      return use.with(
          RootViews.stopped(
              engine, stored, container.contents().layers().stream().skip(1).toList()));
    } finally {
      engine.volumes.unmount(stored.spec(), engine::runsWithVolume);
    }
  }
}
