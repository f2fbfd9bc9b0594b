package io.kapsel.engine.system;

import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.oci.Mount;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What an init such as systemd expects of a container, after "The Container Interface"
 * (systemd.io/CONTAINER_INTERFACE): its mounts, rights and variables.
 */
public final class SystemProfile {
  /**
   * Without these an init takes a part of its units for not applicable, which they are not here.
   */
  private static final CapabilitySet OF_THE_HOST =
      CapabilitySet.of(
          Capability.SYS_MODULE,
          Capability.SYS_RAWIO,
          Capability.SYS_TIME,
          Capability.MAC_ADMIN,
          Capability.MAC_OVERRIDE);

  /** A user namespace has them in name only; units that find them would fail. */
  private static final CapabilitySet EMPTY_WORDS =
      OF_THE_HOST.plus(
          CapabilitySet.of(
              Capability.AUDIT_CONTROL,
              Capability.AUDIT_READ,
              Capability.AUDIT_WRITE,
              Capability.SYSLOG,
              Capability.WAKE_ALARM,
              Capability.BLOCK_SUSPEND));

  /** A name that inits and images know; an unknown one would count as any other. */
  static final String MANAGER = "lxc";

  private static final int UUID_DIGITS = 32;

  private SystemProfile() {}

  /**
   * The rights of the root of one that runs containers, who may have what those have by default.
   */
  public static CapabilitySet capabilitiesOfEngines(boolean userNamespace) {
    return capabilities(userNamespace).plus(CapabilitySet.of(Capability.AUDIT_WRITE));
  }

  /** The rights of its root, before anything is added or taken away. */
  public static CapabilitySet capabilities(boolean userNamespace) {
    return CapabilitySet.ALL.minus(userNamespace ? EMPTY_WORDS : OF_THE_HOST);
  }

  /** What is mounted besides proc, sysfs and devices; {@code host} becomes /run/host. */
  public static List<Mount> mounts(Path host) {
    List<Mount> mounts = new ArrayList<>();
    mounts.add(Mount.of("/run", "tmpfs", "tmpfs", "nosuid", "nodev", "mode=755"));
    mounts.add(Mount.of("/tmp", "tmpfs", "tmpfs", "nosuid", "nodev", "mode=1777"));
    mounts.add(
        Mount.of(
            "/run/lock", "tmpfs", "tmpfs", "nosuid", "nodev", "noexec", "mode=1777", "size=5m"));
    mounts.add(
        Mount.of(
            "/run/host",
            "bind",
            host.toString(),
            "bind",
            "rprivate",
            "ro",
            "nosuid",
            "nodev",
            "noexec"));
    mounts.add(
        Mount.of(
            "/proc/sys/kernel/random/boot_id",
            "bind",
            host.resolve(RunHost.BOOT_ID).toString(),
            "bind",
            "rprivate",
            "ro",
            "nosuid",
            "nodev",
            "noexec"));
    return mounts;
  }

  /**
   * A proc and a sysfs that nothing is mounted over. The kernel lets a user namespace mount its own
   * only where it sees such a one already; the places are those that LXC has.
   */
  public static List<Mount> mountsOfEngines() {
    return List.of(
        Mount.of("/dev/.lxc/proc", "proc", "proc", "nosuid", "nodev", "noexec"),
        Mount.of("/dev/.lxc/sys", "sysfs", "sysfs", "nosuid", "nodev", "noexec"));
  }

  /** The variables of the first process. */
  public static List<String> environment(String id) {
    return List.of(
        "container=" + MANAGER,
        "container_uuid=" + uuid(id),
        "NOTIFY_SOCKET=/run/host/" + RunHost.NOTIFY,
        "TERM=xterm");
  }

  /** The variable by which an init learns of its terminals; the console is the first of all. */
  public static String ttys(int count) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(number -> "pts/" + number)
        .collect(Collectors.joining(" ", "container_ttys=", ""));
  }

  /** The variables of a program that joins. */
  public static List<String> environmentOfJoining() {
    return List.of(
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "USER=root",
        "LANG=C.UTF-8",
        "container=" + MANAGER);
  }

  /** What becomes the machine-id of an installation that has none. */
  static String uuid(String id) {
    String hex = id.substring(0, UUID_DIGITS);
    return "%s-%s-%s-%s-%s"
        .formatted(
            hex.substring(0, 8),
            hex.substring(8, 12),
            hex.substring(12, 16),
            hex.substring(16, 20),
            hex.substring(20));
  }
}
