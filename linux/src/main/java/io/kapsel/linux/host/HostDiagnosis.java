package io.kapsel.linux.host;

import static io.kapsel.linux.host.HostFinding.limited;
import static io.kapsel.linux.host.HostFinding.missing;
import static io.kapsel.linux.host.HostFinding.ok;

import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.cgroup.CgroupHost;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Says of everything that containers want of a host whether it is there, and how to get it. */
public final class HostDiagnosis {
  private static final Set<String> IDMAPPABLE =
      Set.of("ext4", "ext3", "ext2", "xfs", "btrfs", "f2fs", "erofs", "vfat", "squashfs", "zfs");

  private static final long FEW = 1_000;
  private static final long PLENTY = 100_000;
  private static final long RANGE = 65_536;

  private static final CapabilitySet NEEDED =
      CapabilitySet.DEFAULT.plus(
          CapabilitySet.of(Capability.SYS_ADMIN, Capability.NET_ADMIN, Capability.SYS_PTRACE));

  private final HostFacts facts;
  private final HostProbes probes;
  private final List<HostFinding> findings = new ArrayList<>();

  private HostDiagnosis(HostFacts facts, HostProbes probes) {
    this.facts = facts;
    this.probes = probes;
  }

  /** The findings on this host. */
  public static List<HostFinding> diagnose(HostFacts facts, Path state) {
    return findings(facts, HostProbes.run(facts, state));
  }

  /** The findings that follow from these facts. */
  public static List<HostFinding> findings(HostFacts facts, HostProbes probes) {
    HostDiagnosis diagnosis = new HostDiagnosis(facts, probes);
    diagnosis.kernel();
    diagnosis.calls();
    diagnosis.privileges();
    diagnosis.userNamespaces();
    diagnosis.layers();
    diagnosis.launcher();
    diagnosis.controlGroups();
    diagnosis.swap();
    diagnosis.securityModules();
    diagnosis.view();
    if (!facts.authority().isRoot()) {
      diagnosis.userNamespace();
    }
    return List.copyOf(diagnosis.findings);
  }

  private void kernel() {
    String release = facts.kernelMajor() + "." + facts.kernelMinor();
    if (facts.kernelAtLeast(5, 19)) {
      add(ok("kernel", "Linux " + release));
    } else if (facts.kernelAtLeast(5, 12)) {
      add(
          limited(
              "kernel",
              "Linux " + release + " cannot idmap overlay layers: only --userns=host works",
              "use Linux 5.19 or newer"));
    } else {
      add(
          missing(
              "kernel",
              "Linux " + release + " lacks calls that every launch makes",
              "use Linux 5.19 or newer"));
    }
  }

  private void view() {
    add(
        probes.fuse()
            ? ok("view", "systems have a /proc that shows what is theirs, by /dev/fuse")
            : limited(
                "view",
                "without /dev/fuse systems see the host's numbers in their /proc",
                "modprobe fuse"));
  }

  private void calls() {
    if (probes.refused().isEmpty()) {
      add(ok("system calls", "mounting by descriptors, openat2, clone3, pidfds, bpf"));
      return;
    }
    String names =
        probes.refused().entrySet().stream()
            .map(each -> each.getKey().label() + ": " + each.getValue())
            .sorted()
            .collect(Collectors.joining("; "));
    add(
        missing(
            "system calls",
            names,
            "run the engine as root, outside of a container whose filter forbids them"));
  }

  private void privileges() {
    CapabilitySet lacking = NEEDED.minus(facts.bounding());
    if (!lacking.isEmpty()) {
      add(
          missing(
              "privileges",
              "the engine may never have " + lacking,
              "run it as root with all capabilities"));
    } else if (!facts.bounding().contains(Capability.SYS_RESOURCE)) {
      add(
          limited(
              "privileges",
              "without CAP_SYS_RESOURCE no limit of --ulimit can exceed the engine's own",
              "start the engine with CAP_SYS_RESOURCE"));
    } else {
      add(ok("privileges", "all capabilities that launches need"));
    }
    add(
        probes.seccomp()
            ? ok("seccomp", "system calls of containers are filtered")
            : missing(
                "seccomp", "no container can start", "use a kernel with CONFIG_SECCOMP_FILTER"));
  }

  private void userNamespaces() {
    String more = "sysctl -w user.max_user_namespaces=" + PLENTY;
    if (facts.userNamespaces() == 0) {
      add(
          missing(
              "user namespaces",
              "containers start with --userns=host only, where their root is the host's",
              more));
    } else if (facts.userNamespaces() < FEW) {
      add(
          limited(
              "user namespaces",
              "only " + facts.userNamespaces() + " at a time, and each container takes one",
              more));
    } else {
      add(ok("user namespaces", "up to " + facts.userNamespaces()));
    }
  }

  private void layers() {
    String kind = probes.stateFileSystem();
    if (!probes.fileSystems().contains("overlay")) {
      add(missing("overlay", "no copy-on-write root can be made", "modprobe overlay"));
    } else if (kind.equals("overlay")) {
      add(
          missing(
              "overlay",
              "the engine's state lies on overlayfs itself, where no container can write",
              "put the state on a volume, as 'launch --nesting' does at /var/lib/kapsel"));
    } else {
      add(ok("overlay", "containers share the files of their root"));
    }
    if (!facts.mapsLayers()) {
      add(
          limited(
              "idmapped layers",
              "in a user namespace files have the owners that they have: all containers have the"
                  + " engine's own ids, each in a user namespace of its own",
              "run the engine as root of the host where they must not have each other's ids"));
    } else if (!IDMAPPABLE.contains(kind) && !(kind.equals("tmpfs") && facts.kernelAtLeast(6, 3))) {
      add(
          limited(
              "idmapped layers",
              "the engine's state lies on " + kind + ", which may not map owners",
              "move the state to ext4, xfs or btrfs (--state)"));
    } else {
      add(ok("idmapped layers", "the engine's state lies on " + kind));
    }
    add(
        facts.layersByDescriptor()
            ? ok("overlay by descriptors", "layers are never reached by path")
            : limited(
                "overlay by descriptors",
                "layers are attached in a private mount namespace first, which costs time",
                "use Linux 6.15 or newer"));
  }

  private void launcher() {
    add(
        probes.memfdNoExec() < 2
            ? ok("sealed launcher", "it runs from sealed memory, not from a file")
            : missing(
                "sealed launcher",
                "vm.memfd_noexec=2 forbids to run it from sealed memory",
                "sysctl -w vm.memfd_noexec=1"));
  }

  private void controlGroups() {
    CgroupHost.Mode mode = facts.cgroups().mode();
    if (mode == CgroupHost.Mode.NONE) {
      add(
          missing(
              "control groups", "no limit can be held", "mount -t cgroup2 cgroup2 /sys/fs/cgroup"));
      return;
    }
    add(
        switch (mode) {
          case V2 -> ok("control groups", "version 2");
          case HYBRID -> ok("control groups", "hybrid: limits in version 1, the rest in version 2");
          case V1, NONE ->
              limited(
                  "control groups",
                  "version 1 alone: device lists instead of filters, slower ends",
                  "boot with systemd.unified_cgroup_hierarchy=1");
        });
    if (!probes.cgroupsWritable()) {
      add(
          missing(
              "writable control groups",
              "the engine cannot make groups",
              "mount the cgroup file systems read-write"));
    }
    for (String controller : List.of("memory", "cpu", "cpuset", "pids", "io")) {
      controller(controller);
    }
  }

  private void controller(String name) {
    String title = name + " limits";
    if (facts.cgroups().has(name)) {
      add(ok(title, "in version " + (facts.cgroups().onUnified(name) ? "2" : "1")));
    } else if (!facts.authority().isRoot()) {
      add(
          limited(
              title,
              "a container that asks for one is refused; the limit of this system holds for all",
              "boot the host with version 2 alone, systemd.unified_cgroup_hierarchy=1"));
    } else {
      add(
          missing(
              title,
              "a container that asks for one is refused",
              name.equals("memory")
                  ? "boot with cgroup_enable=memory"
                  : "use a kernel with the " + name + " controller"));
    }
  }

  /** What goes without root of the host. */
  private void userNamespace() {
    add(
        limited(
            "devices",
            "containers are shown those that are here, and may open what this system may; none come"
                + " to one that runs",
            "give this system what its containers need: 'device add' on the host"));
    add(
        facts.authority().mountsKernel()
            ? ok("proc and sysfs", "each container has its own")
            : missing(
                "proc and sysfs",
                "none is seen here without masks, so the kernel lets no container have its own",
                "launch this system with --nesting"));
    long ids = facts.authority().ids();
    add(
        ids >= RANGE
            ? ok("ids", ids + " users and groups, for this system and its containers")
            : limited(
                "ids",
                "only " + ids + " users and groups: files of others cannot be unpacked",
                "map 65536 ids into this user namespace"));
  }

  private void swap() {
    if (probes.swapAccounting()) {
      add(
          ok(
              "swap limits",
              probes.swap() ? "memory and swap are counted" : "the host has no swap to limit"));
    } else {
      add(
          limited(
              "swap limits",
              "--memory-swap is refused; a container may swap without limit",
              "boot with swapaccount=1"));
    }
  }

  private void securityModules() {
    if (facts.appArmor() && !facts.loadsProfiles()) {
      add(
          limited(
              "security module",
              "AppArmor is on: the host's profile of this system holds, and no others can be loaded",
              "name one for the system on the host: --security-opt apparmor="));
    } else if (facts.appArmor()) {
      add(
          probes.appArmorParser()
              ? ok("security module", "AppArmor")
              : limited(
                  "security module",
                  "AppArmor is on, but its profile for containers cannot be loaded",
                  "apt-get install apparmor"));
    } else if (facts.seLinux()) {
      add(ok("security module", "SELinux"));
    } else {
      add(
          limited(
              "security module",
              "neither AppArmor nor SELinux is on: one line of defence less",
              "boot with apparmor=1 security=apparmor, or with SELinux"));
    }
  }

  private void add(HostFinding finding) {
    findings.add(finding);
  }
}
