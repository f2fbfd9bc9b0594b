package io.kapsel.systemd.bus;

import java.util.List;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.annotations.DBusInterfaceName;
import org.freedesktop.dbus.annotations.DBusMemberName;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.interfaces.DBusInterface;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.types.UInt32;

/** The object that manages units. */
@DBusInterfaceName("org.freedesktop.systemd1.Manager")
public interface Manager extends DBusInterface {
  /** Makes a unit and starts it. */
  @DBusMemberName("StartTransientUnit")
  DBusPath startTransientUnit(
      String name, String mode, List<Property> properties, List<Auxiliary> more);

  /** Stops one. */
  @DBusMemberName("StopUnit")
  DBusPath stopUnit(String name, String mode);

  /** Lets one be forgotten that has failed. */
  @DBusMemberName("ResetFailedUnit")
  void resetFailedUnit(String name);

  /** Changes properties, until the next boot if {@code runtime}. */
  @DBusMemberName("SetUnitProperties")
  void setUnitProperties(String name, boolean runtime, List<Property> properties);

  /** Asks for signals. */
  @DBusMemberName("Subscribe")
  void subscribe();

  /** A job has ended. */
  @DBusMemberName("JobRemoved")
  final class JobRemoved extends DBusSignal {
    private final String unit;
    private final String result;

    /** As the library makes it. */
    public JobRemoved(String path, UInt32 id, DBusPath job, String unit, String result)
        throws DBusException {
      super(path, id, job, unit, result);
      this.unit = unit;
      this.result = result;
    }

    /** Whose it was. */
    public String unit() {
      return unit;
    }

    /** {@code done}, or why not. */
    public String result() {
      return result;
    }
  }
}
