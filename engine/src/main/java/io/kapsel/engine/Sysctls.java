package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.NamespaceMode;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Kernel settings: only those that belong to namespaces of the container's own. */
final class Sysctls {
  private static final Set<String> IPC =
      Set.of(
          "kernel.msgmax",
          "kernel.msgmnb",
          "kernel.msgmni",
          "kernel.sem",
          "kernel.shmall",
          "kernel.shmmax",
          "kernel.shmmni",
          "kernel.shm_rmid_forced");

  private Sysctls() {}

  static Map<String, String> compile(ContainerSpec spec) {
    Map<String, String> settings = new TreeMap<>();
    if (spec.network() instanceof NamespaceMode.Own) {
      settings.put("net.ipv4.ip_unprivileged_port_start", "0");
    }
    spec.sysctls().forEach((key, value) -> settings.put(checked(spec, canonical(key)), value));
    return settings;
  }

  private static String canonical(String key) {
    if (key.contains("/") && key.contains(".")) {
      throw Refusals.invalid("the kernel setting '%s' mixes dots and slashes", key);
    }
    return key.replace('/', '.');
  }

  private static String checked(ContainerSpec spec, String key) {
    if (IPC.contains(key) || key.startsWith("fs.mqueue.")) {
      return owned(key, spec.ipc(), "IPC");
    }
    if (key.startsWith("net.")) {
      return owned(key, spec.network(), "network");
    }
    throw Refusals.invalid("the kernel setting '%s' belongs to the whole host", key);
  }

  private static String owned(String key, NamespaceMode mode, String kind) {
    if (!(mode instanceof NamespaceMode.Own)) {
      throw Refusals.invalid("the kernel setting '%s' needs a %s namespace of its own", key, kind);
    }
    return key;
  }
}
