package io.kapsel.systemd.bus;

import java.util.List;
import org.freedesktop.dbus.Struct;
import org.freedesktop.dbus.annotations.Position;

/** Another unit that is made along with one: {@code (sa(sv))}. */
public final class Auxiliary extends Struct {
  /** Which. */
  @Position(0)
  public final String name;

  /** What it is like. */
  @Position(1)
  public final List<Property> properties;

  /** One of them. */
  public Auxiliary(String name, List<Property> properties) {
    this.name = name;
    this.properties = properties;
  }
}
