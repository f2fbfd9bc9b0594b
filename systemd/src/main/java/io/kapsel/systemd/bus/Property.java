package io.kapsel.systemd.bus;

import org.freedesktop.dbus.Struct;
import org.freedesktop.dbus.annotations.Position;
import org.freedesktop.dbus.types.Variant;

/** A property of a unit: {@code (sv)}. */
public final class Property extends Struct {
  /** Which. */
  @Position(0)
  public final String name;

  /** What it is set to. */
  @Position(1)
  public final Variant<?> value;

  /** One of them. */
  public Property(String name, Variant<?> value) {
    this.name = name;
    this.value = value;
  }
}
