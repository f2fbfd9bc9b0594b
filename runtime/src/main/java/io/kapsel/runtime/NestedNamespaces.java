package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.cgroup.GroupFiles;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Namespaces that a program has made for itself in a container. CRIU freezes such a mount or
 * network namespace, and no other: the others of a container are those of its first process.
 */
final class NestedNamespaces {
  /** What of systemd's makes one, by the kind of namespace. */
  private static final Map<String, String> SETTINGS = settings();

  private final Path proc;

  /** {@code proc}: where procfs(5) is. */
  NestedNamespaces(Path proc) {
    this.proc = proc;
  }

  private static Map<String, String> settings() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("uts", "ProtectHostname");
    all.put("ipc", "PrivateIPC");
    all.put("user", "PrivateUsers");
    all.put("pid", "");
    all.put("cgroup", "");
    all.put("time", "");
    return all;
  }

  /** Why CRIU cannot freeze these processes of a container, and what helps. */
  Optional<String> obstacle(int init, List<Integer> pids) {
    for (Map.Entry<String, String> each : SETTINGS.entrySet()) {
      Optional<String> own = namespace(init, each.getKey());
      for (int pid : pids) {
        Optional<String> found = namespace(pid, each.getKey());
        if (own.isPresent() && found.isPresent() && !found.equals(own)) {
          return Optional.of(told(pid, each.getKey(), each.getValue()));
        }
      }
    }
    return Optional.empty();
  }

  private String told(int pid, String kind, String setting) {
    String program = GroupFiles.text(proc.resolve(pid + "/comm")).strip();
    return "'%s' (pid %d) in it has a %s namespace of its own%s, which CRIU does not freeze; stop it first"
        .formatted(
            program,
            pid,
            kind,
            setting.isEmpty()
                ? ""
                : " (where a unit of systemd's says so: %s=)".formatted(setting));
  }

  private Optional<String> namespace(int pid, String kind) {
    Path place = proc.resolve(pid + "/ns");
    try (Fd directory = Open.path(place.toString(), OpenFlags.READ | OpenFlags.DIRECTORY)) {
      return Optional.of(Entries.readLink(directory, kind));
    } catch (SyscallException e) {
      return Optional.empty(); // it has ended, or the kernel has no such namespaces
    }
  }
}
