package io.kapsel.runtime;

import io.kapsel.oci.Mount;
import io.kapsel.runtime.plan.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The options of a mount, sorted by whom they are for; see mount(8).
 *
 * @param attributes of the mount
 * @param propagation to and from its copies, private where nothing else is said
 * @param data for the file system itself
 */
record MountOptions(
    Value.Constant attributes, Value.Constant propagation, boolean recursive, List<String> data) {
  private static final Value.Constant PRIVATE = Value.named("MS_PRIVATE", 1 << 18);
  private static final Map<String, Value.Constant> PROPAGATIONS =
      Map.of(
          "private", PRIVATE,
          "rprivate", PRIVATE,
          "slave", Value.named("MS_SLAVE", 1 << 19),
          "rslave", Value.named("MS_SLAVE", 1 << 19),
          "shared", Value.named("MS_SHARED", 1 << 20),
          "rshared", Value.named("MS_SHARED", 1 << 20),
          "unbindable", Value.named("MS_UNBINDABLE", 1 << 17),
          "runbindable", Value.named("MS_UNBINDABLE", 1 << 17));
  private static final Map<String, Value.Constant> ATTRIBUTES =
      Map.of(
          "ro", Flag.READ_ONLY,
          "rro", Flag.READ_ONLY,
          "nosuid", Flag.NO_SUID,
          "nodev", Flag.NO_DEVICES,
          "noexec", Flag.NO_EXECUTION,
          "noatime", Value.named("MOUNT_ATTR_NOATIME", 0x10),
          "strictatime", Value.named("MOUNT_ATTR_STRICTATIME", 0x20),
          "nodiratime", Value.named("MOUNT_ATTR_NODIRATIME", 0x80),
          "nosymfollow", Value.named("MOUNT_ATTR_NOSYMFOLLOW", 0x200000));
  private static final Map<String, String> OPPOSITES =
      Map.of("rw", "ro", "suid", "nosuid", "dev", "nodev", "exec", "noexec");
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("bind", "rbind", "defaults", "relatime", "sync", "async", "diratime");

  /** Private, and nothing else. */
  static final MountOptions PLAIN = new MountOptions(Flag.ZERO, PRIVATE, true, List.of());

  /** Copies the list. */
  MountOptions {
    data = List.copyOf(data);
  }

  /**
   * Sorts them; what comes later wins.
   *
   * @throws LaunchException for one that a bind mount cannot have
   */
  static MountOptions of(Mount mount) {
    Map<String, Value.Constant> attributes = new HashMap<>();
    Value.Constant propagation = PRIVATE;
    List<String> data = new ArrayList<>();
    for (String option : mount.options()) {
      if (ATTRIBUTES.containsKey(option)) {
        attributes.put(option, ATTRIBUTES.get(option));
      } else if (OPPOSITES.containsKey(option)) {
        attributes.remove(OPPOSITES.get(option));
      } else if (PROPAGATIONS.containsKey(option)) {
        propagation = PROPAGATIONS.get(option);
      } else if (!WITHOUT_EFFECT.contains(option)) {
        data.add(option);
      }
    }
    if (mount.isBind() && !data.isEmpty()) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "a bind mount at '%s' cannot have the option '%s'"
              .formatted(mount.destination(), data.getFirst()));
    }
    Value.Constant all =
        Value.all(
            attributes.values().stream()
                .distinct()
                .sorted(java.util.Comparator.comparingLong(Value.Constant::value))
                .toArray(Value.Constant[]::new));
    return new MountOptions(all, propagation, mount.options().contains("rbind"), data);
  }

  /** What is set on a detached copy of a host's mount before anybody sees it. */
  Value.Constant shown() {
    return Value.named(
        attributes.value() == 0
            ? propagation.shown()
            : attributes.shown() + ", " + propagation.shown(),
        attributes.value());
  }
}
