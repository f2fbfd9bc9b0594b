package io.kapsel.e2e;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** How a command ended and what it wrote. */
record Result(List<String> command, int exitCode, byte[] stdout, byte[] stderr) {
  String out() {
    return new String(stdout, StandardCharsets.UTF_8);
  }

  String err() {
    return new String(stderr, StandardCharsets.UTF_8);
  }

  /** The output without the last line's end. */
  String line() {
    return out().stripTrailing();
  }

  List<String> lines() {
    return out().lines().toList();
  }

  /** This, when the command succeeded; everything there is to know about it otherwise. */
  Result ok() {
    if (exitCode != 0) {
      throw new AssertionError(toString());
    }
    return this;
  }

  @Override
  public String toString() {
    return String.join(" ", command)
        + "\n  exit code "
        + exitCode
        + "\n  stdout: "
        + out()
        + "\n  stderr: "
        + err();
  }
}
