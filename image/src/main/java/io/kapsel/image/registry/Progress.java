package io.kapsel.image.registry;

import io.kapsel.oci.image.Digest;

/** Hears how a transfer goes on. Calls come from several threads. */
public interface Progress {
  /** Nobody listens. */
  Progress SILENT = new Progress() {};

  /** What happens to a blob. */
  enum Phase {
    /** It is there already. */
    EXISTS,
    /** Bytes come. */
    DOWNLOADING,
    /** It is unpacked from what is there. */
    UNPACKING,
    /** Bytes go. */
    PUSHING,
    /** The registry had it elsewhere. */
    MOUNTED,
    /** Done. */
    COMPLETE
  }

  /** A remark. */
  default void say(String text) {}

  /** A blob has come to a phase, or further in it. */
  default void at(Digest blob, Phase phase, long bytes, long total) {}
}
