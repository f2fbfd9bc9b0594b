package io.kapsel.ocicli;

import io.kapsel.linux.host.Authority;
import io.kapsel.oci.Resources;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.Scope;
import io.kapsel.runtime.ScopeProperties;
import io.kapsel.systemd.ServiceManager;
import io.kapsel.systemd.SystemdException;
import io.kapsel.systemd.UnitProperty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The units of systemd that callers' containers are in: the host's, or those of a user. */
final class Units {
  private Units() {}

  /** The systemd that the caller's containers belong to. */
  static ServiceManager manager(Call call) {
    try {
      return ofSystem(call)
          ? ServiceManager.system()
          : ServiceManager.user(bus(call), OptionalLong.of(call.who().uid()));
    } catch (SystemdException e) {
      throw new OciException(
          "systemd cgroup flag passed, but systemd support for managing cgroups is not available: "
              + e.getMessage(),
          e);
    }
  }

  /**
   * Whether it is the one that has booted this system: root of a system container has it, too, who
   * sees its first process in the user namespace that he is in himself.
   */
  static boolean ofSystem(Call call) {
    return call.who().isRoot()
        || (call.who().kind() == Authority.Kind.NAMESPACE_ROOT
            && users("self")
                .filter(each -> users("1").filter(each::equals).isPresent())
                .isPresent());
  }

  /** The user namespace of a process that may be looked into. */
  private static Optional<Path> users(String pid) {
    try {
      return Optional.of(Files.readSymbolicLink(Path.of("/proc", pid, "ns/user")));
    } catch (IOException e) {
      return Optional.empty(); // it belongs to somebody else
    }
  }

  /** The socket of the user's bus, where his systemd is. */
  private static Path bus(Call call) {
    String prefix = "unix:path=";
    Optional<String> address =
        call.caller()
            .variable("DBUS_SESSION_BUS_ADDRESS")
            .filter(each -> each.startsWith(prefix))
            .map(each -> each.substring(prefix.length()).split("[,;]", 2)[0]);
    Optional<String> usual =
        call.caller()
            .variable("XDG_RUNTIME_DIR")
            .filter(each -> !each.isEmpty())
            .map(each -> each + "/bus");
    return call.places()
        .of(
            address
                .or(() -> usual)
                .orElseThrow(() ->
                    new SystemdException(
                        "cannot reach the user's systemd: neither DBUS_SESSION_BUS_ADDRESS nor"
                            + " XDG_RUNTIME_DIR is set",
                        null)));
  }

  /** Starts the unit of a container, a scope with its first process. */
  static void start(Call call, Scope scope, Bundle bundle, Optional<Integer> first) {
    try (ServiceManager manager = manager(call)) {
      List<UnitProperty> properties =
          new ArrayList<>(
              ScopeProperties.of(
                  scope,
                  bundle,
                  call.runtime().facts(),
                  manager.version(),
                  ScopeProperties.drivers(ProcessFacts.read(Path.of("/proc/devices")))));
      first.ifPresent(pid -> properties.add(UnitProperty.processes(List.of(pid))));
      manager.start(scope.unit(), properties);
    } catch (SystemdException e) {
      throw new OciException("unable to apply cgroup configuration: " + e.getMessage(), e);
    }
  }

  /** Changes what systemd would otherwise set back. */
  static void change(Call call, String unit, Resources wanted) {
    try (ServiceManager manager = manager(call)) {
      List<UnitProperty> properties =
          ScopeProperties.limits(wanted, call.runtime().facts(), manager.version());
      if (!properties.isEmpty()) {
        manager.change(unit, properties);
      }
    } catch (SystemdException e) {
      throw new OciException("" + e.getMessage(), e);
    }
  }

  /** Lets systemd forget a unit. */
  static void stop(Call call, String unit) {
    try (ServiceManager manager = manager(call)) {
      manager.stop(unit);
    } catch (SystemdException e) {
      throw new OciException("" + e.getMessage(), e);
    }
  }
}
