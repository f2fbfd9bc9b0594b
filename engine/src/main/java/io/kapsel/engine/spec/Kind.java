package io.kapsel.engine.spec;

/** What runs in a container. */
public enum Kind {
  /** One program. */
  APPLICATION,
  /** A whole system: an init of its own, which boots, serves and shuts down. */
  SYSTEM
}
