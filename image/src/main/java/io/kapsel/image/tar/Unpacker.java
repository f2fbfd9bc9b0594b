package io.kapsel.image.tar;

import io.kapsel.linux.Fd;
import io.kapsel.linux.confine.Confinement;
import io.kapsel.linux.confine.Loaded;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * Lets an archive be read on one thread and unpacked on another, which is confined to the directory
 * that it writes to.
 */
final class Unpacker {
  /** What is done with the archive inside. */
  @FunctionalInterface
  interface Inner {
    Extractor.Extracted unpack(InputStream plain, Fd root, List<Fd> lowers) throws IOException;
  }

  private Unpacker() {}

  static Extractor.Extracted run(InputStream plain, Fd root, List<Fd> lowers, Inner inner)
      throws IOException {
    Loaded.classes(Unpacker.class, "io.kapsel.image.tar");
    return PlatformThread.call(() -> pump(plain, root, lowers, inner));
  }

  private static Extractor.Extracted pump(InputStream plain, Fd root, List<Fd> lowers, Inner inner)
      throws IOException {
    Handoff handoff = new Handoff();
    Confinement<Extractor.Extracted> writer =
        Confinement.start(
            root,
            lowers,
            (inside, below) -> {
              try (handoff) {
                return inner.unpack(handoff, inside, below);
              }
            });
    Throwable unread = null;
    try {
      handoff.fill(plain);
    } catch (IOException | RuntimeException | Error e) {
      unread = e;
    }
    Extractor.Extracted done;
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
