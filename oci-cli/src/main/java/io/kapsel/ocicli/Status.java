package io.kapsel.ocicli;

import java.util.Locale;

/** What a container is doing (runtime-spec, runtime.md, "State"), and that it is frozen. */
enum Status {
  CREATED,
  RUNNING,
  PAUSED,
  STOPPED;

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
