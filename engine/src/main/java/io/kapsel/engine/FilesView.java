package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.host.Overlayfs;
import io.kapsel.linux.mount.FilesystemContext;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The files of a container that does not run, at a place of the host until closed. */
public final class FilesView implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(FilesView.class.getName());
  private static final String PLACE = "views";
  private static final String LOWER = "lowerdir+";

  private final Path place;

  private FilesView(Path place) {
    this.place = place;
  }

  /** Mounts them read-only: its own layer before those that it stands on. */
  static FilesView mount(Path run, String name, List<Path> layers) {
    return make(
        run,
        name,
        context -> layers.forEach(each -> context.option(LOWER, each.toString())),
        MountAttributes.READ_ONLY);
  }

  /** The same to be changed: its own layer takes what is written. */
  static FilesView writable(Path run, String name, List<Path> layers) {
    Path own = layers.getFirst();
    return make(
        run,
        name,
        context -> {
          layers.stream().skip(1).forEach(each -> context.option(LOWER, each.toString()));
          context.option("upperdir", own.toString());
          context.option("workdir", own.resolveSibling("work").toString());
        },
        0);
  }

  private static FilesView make(
      Path run, String name, Consumer<FilesystemContext> layers, long attributes) {
    try {
      Path all = Files.createDirectories(run.resolve(PLACE));
      FilesView view = new FilesView(Files.createTempDirectory(all, "view"));
      boolean whole = false;
      try {
        view.mount(layers, attributes);
        whole = true;
        return view;
      } finally {
        if (!whole) {
          view.close();
        }
      }
    } catch (SyscallException e) {
      throw new EngineException.Failed("look into", name, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new EngineException.Failed("look into", name, AtomicFile.reason(e), e);
    }
  }

  private void mount(Consumer<FilesystemContext> layers, long attributes) {
    try (FilesystemContext context = Overlayfs.open()) {
      context.option("source", "kapsel");
      layers.accept(context);
      try (Fd made = context.mount(attributes | MountAttributes.NO_SUID);
          Fd target = Open.path(place.toString(), OpenFlags.PATH)) {
        Mounts.move(made, target);
      }
    }
  }

  /** Where they are. */
  public Path place() {
    return place;
  }

  @Override
  public void close() {
    remove(place);
  }

  private static void remove(Path place) {
    try {
      Mounts.detach(place.toString());
    } catch (SyscallException e) {
      LOG.log(System.Logger.Level.DEBUG, "nothing is mounted at " + place, e);
    }
    try {
      Files.deleteIfExists(place);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "a place stays place=" + place, e);
    }
  }

  /** Takes away what an engine left that was killed meanwhile. */
  static void clear(Path run) {
    Path all = run.resolve(PLACE);
    if (!Files.isDirectory(all)) {
      return;
    }
    try (Stream<Path> left = Files.list(all)) {
      left.forEach(FilesView::remove);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "places of views stay", e);
    }
  }
}
