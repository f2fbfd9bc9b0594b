package io.kapsel.image.tar;

import io.kapsel.linux.Fd;
import io.kapsel.linux.confine.Confinement;
import io.kapsel.linux.confine.Loaded;
import io.kapsel.linux.confine.RootView;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.function.Function;

/**
 * Lets trees be read on a thread that can read nothing else, while what it makes of them is written
 * on another.
 */
public final class Packer {
  /** What is done with the trees inside. */
  @FunctionalInterface
  public interface Inner {
    /** Reads {@code trees} and writes to {@code out}. */
    void pack(List<Fd> trees, OutputStream out) throws IOException;
  }

  private Packer() {}

  /** Does it; {@code out} is closed at the end. */
  public static void run(List<Fd> trees, OutputStream out, Inner inner) throws IOException {
    Loaded.classes(Packer.class, "io.kapsel.image.tar");
    Loaded.classes(inner.getClass(), inner.getClass().getPackageName());
    PlatformThread.call(() ->
        pump(
            out,
            handoff ->
                Confinement.start(
                    trees, new Handing<>(handoff, (_, inside) -> packed(inner, inside, handoff)))));
  }

  /** The same for the one tree that a view is. */
  public static void runIn(RootView view, OutputStream out, Inner inner) throws IOException {
    Loaded.classes(Packer.class, "io.kapsel.image.tar");
    Loaded.classes(inner.getClass(), inner.getClass().getPackageName());
    PlatformThread.call(() ->
        pump(
            out,
            handoff ->
                Confinement.start(
                    view,
                    new Handing<>(handoff, (root, _) -> packed(inner, List.of(root), handoff)))));
  }

  private static boolean packed(Inner inner, List<Fd> inside, Handoff handoff) throws IOException {
    try (OutputStream entrance = handoff.entrance()) {
      inner.pack(inside, entrance);
    }
    return true;
  }

  private static boolean pump(OutputStream out, Function<Handoff, Confinement<Boolean>> start)
      throws IOException {
    Handoff handoff = new Handoff();
    Confinement<Boolean> reader = start.apply(handoff);
    Throwable unwritten = null;
    try (out;
        handoff) {
      handoff.transferTo(out);
      out.flush();
    } catch (IOException | RuntimeException | Error e) {
      unwritten = e;
    }
    try {
      reader.await();
    } catch (IOException e) {
      throw unwritten == null ? e : PlatformThread.rethrown(unwritten);
    }
    if (unwritten != null) {
      throw PlatformThread.rethrown(unwritten);
    }
    return true;
  }
}
