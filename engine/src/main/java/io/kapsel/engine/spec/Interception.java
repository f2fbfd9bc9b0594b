package io.kapsel.engine.spec;

import io.kapsel.linux.seccomp.ArgumentCondition;
import io.kapsel.linux.seccomp.SeccompProfile;
import java.util.List;
import java.util.Set;

/**
 * Kinds of system calls that the view answers for a whole system, or does in its place; see
 * native/view/caller.h.
 */
public final class Interception {
  private static final String MOUNT = "mount=";
  private static final String NODES = "mknod";
  private static final String ATTRIBUTES = "setxattr";
  private static final Set<String> ANSWERED = Set.of("sysinfo", "affinity");

  /** Those on one device whose owners can be mapped, as in native/view/mounts.c. */
  private static final List<String> TYPES =
      List.of("erofs", "exfat", "ext4", "ntfs3", "squashfs", "vfat", "xfs");

  private static final int TYPE_OF_FILE = 0170000;
  private static final int CHARACTER_DEVICE = 0020000;

  /** MS_REMOUNT, MS_BIND, MS_MOVE, and the four kinds of propagation: they mount nothing new. */
  private static final int OTHER_DEEDS = 32 | 4096 | 8192 | 0xf << 17;

  private Interception() {}

  /** Sorted, each once; an unknown one is refused. */
  static List<String> checked(List<String> kinds) {
    for (String kind : kinds) {
      if (kind.startsWith(MOUNT)) {
        String type = kind.substring(MOUNT.length());
        InvalidRequestException.unless(
            TYPES.contains(type),
            "file systems of type '%s' cannot be mounted for it; use %s",
            type,
            String.join(", ", TYPES));
      } else {
        InvalidRequestException.unless(
            ANSWERED.contains(kind) || kind.equals(NODES) || kind.equals(ATTRIBUTES),
            "'%s' cannot be intercepted; use affinity, mknod, mount=TYPE, setxattr, sysinfo",
            kind);
      }
    }
    return kinds.stream().distinct().sorted().toList();
  }

  /** The root of the host may do all of it by himself. */
  static void checkUsers(List<String> kinds, NamespaceMode users) {
    List<String> done = done(kinds);
    InvalidRequestException.unless(
        done.isEmpty() || users instanceof NamespaceMode.Own,
        "'%s' is intercepted for systems in a user namespace alone;"
            + " leave --userns host or --intercept out",
        done.isEmpty() ? "" : done.getFirst());
  }

  /** What is done for it with rights that it does not have. */
  public static List<String> done(List<String> kinds) {
    return kinds.stream().filter(kind -> !ANSWERED.contains(kind)).toList();
  }

  /** Whether nodes are made for it, that of the host's console among them. */
  public static boolean makesNodes(List<String> kinds) {
    return kinds.contains(NODES);
  }

  /** The profile where the supervisor is asked about all of these. */
  public static SeccompProfile asked(SeccompProfile profile, List<String> kinds) {
    SeccompProfile asked = profile;
    if (kinds.contains("sysinfo")) {
      asked = asked.asking(List.of("sysinfo"));
    }
    if (kinds.contains("affinity")) {
      asked = asked.asking(List.of("sched_getaffinity"));
    }
    if (kinds.contains(NODES)) {
      asked =
          asked
              .asking(List.of("mknod"), masked(1, TYPE_OF_FILE, CHARACTER_DEVICE))
              .asking(List.of("mknodat"), masked(2, TYPE_OF_FILE, CHARACTER_DEVICE));
    }
    if (kinds.contains(ATTRIBUTES)) {
      asked = asked.asking(List.of("setxattr", "lsetxattr", "fsetxattr"));
    }
    if (kinds.stream().anyMatch(kind -> kind.startsWith(MOUNT))) {
      // Programs fall back from the newer calls, which cannot be followed.
      asked = asked.asking(List.of("mount"), masked(3, OTHER_DEEDS, 0)).lacking(List.of("fsopen"));
    }
    return asked;
  }

  private static ArgumentCondition masked(int argument, long mask, long value) {
    return new ArgumentCondition(argument, ArgumentCondition.Operator.MASKED_EQ, mask, value);
  }
}
