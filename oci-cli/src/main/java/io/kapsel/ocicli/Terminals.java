package io.kapsel.ocicli;

import java.util.Optional;

/** Which terminals can be had. */
final class Terminals {
  private Terminals() {}

  static void check(boolean terminal, boolean detached, Optional<String> console) {
    if (detached && terminal && console.isEmpty()) {
      throw new OciException(
          "cannot allocate tty if runc will detach without setting console socket");
    }
    if (console.isPresent() && !(detached && terminal)) {
      throw new OciException("cannot use console socket if runc will not detach or allocate tty");
    }
  }
}
