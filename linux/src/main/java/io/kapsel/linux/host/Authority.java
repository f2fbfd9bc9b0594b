package io.kapsel.linux.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a process may do on its host.
 *
 * @param uid its user, and for the root of a user namespace the user that the host knows him as
 * @param gid his group, likewise
 * @param setsGroups whether setgroups(2) is allowed, see user_namespaces(7)
 */
public record Authority(Kind kind, long uid, long gid, boolean setsGroups) {
  private static final String FIRST_NAMESPACE = "user:[4026531837]";

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
  public static final Authority ROOT = new Authority(Kind.ROOT, 0, 0, true);

  /** Whether it is root of the host. */
  public boolean isRoot() {
    return kind == Kind.ROOT;
  }

  /** The same user once his launcher is root of a user namespace. */
  public Authority entered(boolean groups) {
    return new Authority(Kind.ENTERED, uid, gid, groups);
  }

  /** This process's. */
  public static Authority probe() {
    String status = text("/proc/self/status");
    long uid = effective(status, "Uid:");
    long gid = effective(status, "Gid:");
    if (uid != 0) {
      return new Authority(Kind.USER, uid, gid, false);
    }
    if (namespace().equals(FIRST_NAMESPACE)) {
      return ROOT;
    }
    return new Authority(
        Kind.NAMESPACE_ROOT,
        outside(text("/proc/self/uid_map")),
        outside(text("/proc/self/gid_map")),
        !text("/proc/self/setgroups").strip().equals("deny"));
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
