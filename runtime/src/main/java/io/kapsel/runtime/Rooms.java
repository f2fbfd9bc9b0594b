package io.kapsel.runtime;

import io.kapsel.runtime.plan.Slot;

/** What the sandbox segment leaves for the container segment. */
final class Rooms {
  Slot pid = Draft.NONE;
  Slot pidfd = Draft.NONE;
  Slot userNamespace = Draft.NONE;
  Slot dev = Draft.NONE;
  Slot proc = Draft.NONE;
  Slot sys = Draft.NONE;
  Slot pts = Draft.NONE;
  Slot host = Draft.NONE;
  Slot empty = Draft.NONE;
}
