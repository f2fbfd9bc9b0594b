package io.kapsel.bench;

import io.kapsel.linux.Abi;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.seccomp.ArgumentCondition;
import io.kapsel.linux.seccomp.DefaultProfile;
import io.kapsel.linux.seccomp.SeccompAction;
import io.kapsel.linux.seccomp.SeccompCompiler;
import io.kapsel.linux.seccomp.SeccompProfile;
import io.kapsel.linux.seccomp.SeccompRule;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The bundle that runc and crun get: the namespaces, id maps, mounts, masks, capabilities, limits
 * and filter that a container of Kapsel has by default.
 */
final class PeerBundle {
  private static final SeccompProfile PROFILE =
      DefaultProfile.profile(CapabilitySet.DEFAULT, Abi.host());

  private PeerBundle() {}

  /** The compiled filter, for the floor. */
  static byte[] filter() {
    return SeccompCompiler.compile(PROFILE, Abi.host());
  }

  /** config.json, for a root file system. */
  static String configuration(Path root) {
    String capabilities = list(CapabilitySet.DEFAULT.labels());
    return """
    {"ociVersion": "1.0.2", "hostname": "peer", "root": {"path": "ROOT"},
     "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["/true"], "env": ["PATH=/bin"],
      "capabilities": {"bounding": CAPS, "effective": CAPS, "permitted": CAPS}},
     "mounts": [
      {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
      {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "noexec", "mode=755", "size=65536k"]},
      {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
      {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
      {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
      {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
      {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "ro"]}],
     "linux": {"cgroupsPath": "/kapsel-bench/peer", "resources": {"pids": {"limit": 2048},
       "devices": [{"allow": false, "access": "rwm"}]},
      "uidMappings": [{"containerID": 0, "hostID": 1879048192, "size": 65536}],
      "gidMappings": [{"containerID": 0, "hostID": 1879048192, "size": 65536}],
      "namespaces": [{"type": "user"}, {"type": "mount"}, {"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "cgroup"}],
      "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"],
      "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
      "seccomp": SECCOMP}}
    """
        .replace("ROOT", root.toString())
        .replace("CAPS", capabilities)
        .replace("SECCOMP", seccomp());
  }

  private static String seccomp() {
    return "{\"defaultAction\": \"%s\", \"defaultErrnoRet\": %d, \"architectures\": %s, \"syscalls\": [%s]}"
        .formatted(
            PROFILE.defaultAction().kind().label(),
            PROFILE.defaultAction().data(),
            list(List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86")),
            PROFILE.rules().stream().map(PeerBundle::rule).collect(Collectors.joining(",")));
  }

  private static String rule(SeccompRule rule) {
    SeccompAction action = rule.action();
    String errno =
        action.kind() == SeccompAction.Kind.ERRNO ? ", \"errnoRet\": " + action.data() : "";
    String conditions =
        rule.conditions().stream().map(PeerBundle::condition).collect(Collectors.joining(","));
    return "{\"names\": %s, \"action\": \"%s\"%s, \"args\": [%s]}"
        .formatted(list(rule.calls()), action.kind().label(), errno, conditions);
  }

  private static String condition(ArgumentCondition condition) {
    return "{\"index\": %d, \"op\": \"%s\", \"value\": %s, \"valueTwo\": %s}"
        .formatted(
            condition.index(),
            condition.operator().label(),
            Long.toUnsignedString(condition.value()),
            Long.toUnsignedString(condition.masked()));
  }

  private static String list(List<String> words) {
    return words.stream().map(word -> '"' + word + '"').collect(Collectors.joining(",", "[", "]"));
  }
}
