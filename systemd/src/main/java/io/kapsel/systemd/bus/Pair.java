package io.kapsel.systemd.bus;

import org.freedesktop.dbus.Struct;
import org.freedesktop.dbus.annotations.Position;

/** Two texts: {@code (ss)}. */
public final class Pair extends Struct {
  /** The one. */
  @Position(0)
  public final String first;

  /** The other. */
  @Position(1)
  public final String second;

  /** A pair. */
  public Pair(String first, String second) {
    this.first = first;
    this.second = second;
  }
}
