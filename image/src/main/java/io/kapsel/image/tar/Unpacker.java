package io.kapsel.image.tar;

import io.kapsel.linux.Fd;
import io.kapsel.linux.confine.Confinement;
import io.kapsel.linux.confine.Loaded;
import io.kapsel.linux.confine.RootView;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.Function;

/**
 * Lets an archive be read on one thread and unpacked on another, which is confined to the directory
 * that it writes to.
 */
public final class Unpacker {
  /** What is done with the archive inside. */
  @FunctionalInterface
  public interface Inner<T> {
    /** Does it; {@code root} is the directory to write to. */
    T unpack(InputStream archive, Fd root, List<Fd> lowers) throws IOException;
  }

  private Unpacker() {}

  /** Does it with what {@code plain} gives; classes of other packages must have been loaded. */
  public static <T> T run(InputStream plain, Fd root, List<Fd> lowers, Inner<T> inner)
      throws IOException {
    Loaded.classes(Unpacker.class, "io.kapsel.image.tar");
    return PlatformThread.call(() ->
        pump(
            plain,
            handoff ->
                Confinement.start(
                    root,
                    lowers,
                    new Handing<>(
                        handoff, (inside, below) -> inner.unpack(handoff, inside, below)))));
  }

  /** What is done with an archive in a view. */
  @FunctionalInterface
  public interface Writing {
    /** Reads {@code plain} and writes below {@code root}. */
    void unpack(InputStream plain, Fd root) throws IOException;
  }

  /** What is looked up in a view. */
  @FunctionalInterface
  public interface Looking<T> {
    /** Looks it up. */
    T in(Fd root) throws IOException;
  }

  /** Lets an archive be written to a view, and nowhere else. */
  public static void runIn(RootView view, InputStream plain, Writing inner) throws IOException {
    Loaded.classes(Unpacker.class, "io.kapsel.image.tar");
    Loaded.classes(inner.getClass(), inner.getClass().getPackageName());
    boolean _ =
        PlatformThread.call(() ->
            pump(
                plain,
                handoff ->
                    Confinement.start(
                        view,
                        new Handing<>(
                            handoff,
                            (root, _) -> {
                              inner.unpack(handoff, root);
                              return true;
                            }))));
  }

  /** What can be seen of a view without seeing anything else. */
  public static <T> T look(RootView view, Looking<T> inner) throws IOException {
    Loaded.classes(inner.getClass(), inner.getClass().getPackageName());
    return PlatformThread.call(() -> Confinement.start(view, (root, _) -> inner.in(root)).await());
  }

  private static <T> T pump(InputStream plain, Function<Handoff, Confinement<T>> start)
      throws IOException {
    Handoff handoff = new Handoff();
    Confinement<T> writer = start.apply(handoff);
    Throwable unread = null;
    try {
      handoff.fill(plain);
    } catch (IOException | RuntimeException | Error e) {
      unread = e;
    }
    T done;
    try {
      done = writer.await();
    } catch (IOException e) {
      throw unread == null ? e : PlatformThread.rethrown(unread); // the end of one ended the other
    }
    if (unread != null) {
      throw PlatformThread.rethrown(unread);
    }
    return done;
  }
}
