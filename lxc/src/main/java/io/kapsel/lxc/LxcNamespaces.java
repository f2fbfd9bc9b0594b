package io.kapsel.lxc;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** The namespaces of a container, which are held for hooks that run when it has ended. */
final class LxcNamespaces implements AutoCloseable {
  private static final List<String> KINDS =
      List.of("user", "mnt", "pid", "uts", "ipc", "net", "cgroup", "time");

  private final Map<String, Fd> held = new LinkedHashMap<>();

  private LxcNamespaces() {}

  /** Those of a process. */
  static LxcNamespaces of(int pid) {
    LxcNamespaces all = new LxcNamespaces();
    try {
      KINDS.forEach(
          kind -> all.held.put(kind, Open.path("/proc/" + pid + "/ns/" + kind, OpenFlags.READ)));
    } catch (SyscallException e) {
      all.close(); // it has ended already
      all.held.clear();
    }
    return all;
  }

  /** Where a hook finds them, {@code LXC_NET_NS=/proc/…}. */
  List<String> variables() {
    return held.keySet().stream()
        .map(kind -> "LXC_" + kind.toUpperCase(Locale.ROOT) + "_NS=" + place(kind))
        .toList();
  }

  /** The same as arguments of a hook, {@code net:/proc/…}. */
  List<String> arguments() {
    return held.keySet().stream().map(kind -> kind + ":" + place(kind)).toList();
  }

  private String place(String kind) {
    return "/proc/"
        + ProcessHandle.current().pid()
        + "/fd/"
        + Objects.requireNonNull(held.get(kind)).number();
  }

  @Override
  public void close() {
    held.values().forEach(Fd::close);
  }
}
