package io.kapsel.image.tar;

import io.kapsel.linux.Fd;
import io.kapsel.linux.confine.Confinement;
import io.kapsel.linux.confine.Loaded;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

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
    PlatformThread.call(() -> pump(trees, out, inner));
  }

  private static boolean pump(List<Fd> trees, OutputStream out, Inner inner) throws IOException {
    Handoff handoff = new Handoff();
    Confinement<Boolean> reader =
        Confinement.start(
            trees,
            (_, inside) -> {
              try (OutputStream entrance = handoff.entrance()) {
                inner.pack(inside, entrance);
              }
              return true;
            });
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
