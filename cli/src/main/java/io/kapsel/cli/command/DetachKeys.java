package io.kapsel.cli.command;

import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;

/** The keys by which a user leaves a container that goes on. */
public final class DetachKeys {
  public static final Flag<Integer> FLAG =
      Flag.of(
          "detach-keys",
          "string",
          "Keys that leave it, such as ctrl-e,x (default ctrl-p,ctrl-q)",
          DetachKeys::parse);
  private static final int MOST = 3;
  private static final int CONTROL = 0x1f;

  private DetachKeys() {}

  /** What was asked for, as the client takes it; zero for the usual ones. */
  static int of(Arguments arguments) {
    return arguments.last(FLAG).orElse(0);
  }

  /**
   * Reads characters and {@code ctrl-X}s with commas between: a byte each, the first one lowest.
   */
  public static int parse(String text) {
    if (text.isEmpty()) {
      return 0;
    }
    String[] keys = text.split(",", -1);
    if (keys.length > MOST) {
      throw new IllegalArgumentException("has more than " + MOST + " keys");
    }
    int all = 0;
    for (int i = 0; i < keys.length; i++) {
      all |= key(keys[i]) << (Byte.SIZE * i);
    }
    return all;
  }

  private static int key(String text) {
    if (text.length() == 1 && text.charAt(0) > ' ' && text.charAt(0) < 127) {
      return text.charAt(0);
    }
    if (text.matches("ctrl-[a-z\\[\\\\\\]^_]")) {
      return text.charAt(text.length() - 1) & CONTROL;
    }
    throw new IllegalArgumentException("unknown character: '" + text + "'");
  }
}
