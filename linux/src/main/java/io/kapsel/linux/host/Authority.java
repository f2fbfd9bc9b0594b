package io.kapsel.linux.host;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.mount.FilesystemContext;
import io.kapsel.linux.mount.MountAttributes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What a process may do on its host.
 *
 * @param uid its user, and for the root of a user namespace the user that the host knows him as
 * @param gid his group, likewise
 * @param setsGroups whether setgroups(2) is allowed, see user_namespaces(7)
 * @param ids how many users and groups there are, counted from 0 to the first that is missing
 * @param mountsKernel whether it may mount a proc and a sysfs of its own: a user namespace may
 *     where the namespaces that they show are its own, and it sees such without anything mounted
 *     over
 */
public record Authority(
    Kind kind, long uid, long gid, boolean setsGroups, long ids, boolean mountsKernel) {
  private static final String FIRST_NAMESPACE = "user:[4026531837]";
  private static final long ALL = 0xffff_ffffL;

  /** Who it is. */
  public enum Kind {
    /** Root of the host. */
    ROOT,
    /** Root of a user namespace, and on the host nobody in particular. */
    NAMESPACE_ROOT,
    /** A user without any rights of root's. */
    USER,
    /** Such a user, whose launcher has entered a user namespace and is root there. */
    ENTERED
  }

  /** Root of the host. */
  public static final Authority ROOT = new Authority(Kind.ROOT, 0, 0, true, ALL, true);

  /** Whether it is root of the host. */
  public boolean isRoot() {
    return kind == Kind.ROOT;
  }

  /** The same user once his launcher is root of a user namespace. */
  public Authority entered(boolean groups) {
    return new Authority(Kind.ENTERED, uid, gid, groups, ids, false);
  }

  /** This process's. */
  public static Authority probe() {
    String status = text("/proc/self/status");
    long uid = effective(status, "Uid:");
    long gid = effective(status, "Gid:");
    if (uid != 0) {
      return new Authority(Kind.USER, uid, gid, false, 1, false);
    }
    if (namespace().equals(FIRST_NAMESPACE)) {
      return ROOT;
    }
    String users = text("/proc/self/uid_map");
    String groups = text("/proc/self/gid_map");
    return new Authority(
        Kind.NAMESPACE_ROOT,
        outside(users),
        outside(groups),
        !text("/proc/self/setgroups").strip().equals("deny"),
        Math.min(ids(users), ids(groups)),
        mounts("proc") && mounts("sysfs"));
  }

  private static boolean mounts(String type) {
    try (FilesystemContext context = FilesystemContext.open(type);
        Fd _ = context.mount(MountAttributes.NO_SUID)) {
      return true;
    } catch (SyscallException e) {
      return false; // EPERM: it sees none that is whole, or the namespace is another's
    }
  }

  /** How many ids from 0 on a file such as /proc/self/uid_map covers without a gap. */
  static long ids(String map) {
    NavigableMap<Long, Long> ranges = new TreeMap<>();
    map.lines()
        .map(line -> List.of(line.strip().split("\\s+")))
        .filter(words -> words.size() == 3)
        .forEach(
            words -> ranges.put(Long.valueOf(words.getFirst()), Long.valueOf(words.getLast())));
    long covered = 0;
    for (Map.Entry<Long, Long> each : ranges.entrySet()) {
      if (each.getKey() > covered) {
        break;
      }
      covered = each.getKey() + each.getValue();
    }
    return covered;
  }

  /** As whom the host knows root, by a file such as /proc/self/uid_map. */
  static long outside(String map) {
    return map.lines()
        .map(line -> List.of(line.strip().split("\\s+")))
        .filter(words -> words.size() == 3 && words.getFirst().equals("0"))
        .map(words -> Long.parseLong(words.get(1)))
        .findFirst()
        .orElse(0L);
  }

  private static long effective(String status, String name) {
    return status
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> Long.parseLong(line.split("\\s+")[2]))
        .findFirst()
        .orElse(0L);
  }

  private static String namespace() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/ns/user")).toString();
    } catch (IOException e) {
      return FIRST_NAMESPACE; // a kernel without user namespaces
    }
  }

  private static String text(String file) {
    try {
      return HostFiles.whole(Path.of(file));
    } catch (IOException e) {
      return "";
    }
  }
}
