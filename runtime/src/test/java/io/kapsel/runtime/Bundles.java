package io.kapsel.runtime;

import io.kapsel.linux.Abi;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.seccomp.DefaultProfile;
import io.kapsel.oci.Capabilities;
import io.kapsel.oci.Device;
import io.kapsel.oci.IdMapping;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Process;
import io.kapsel.oci.Resources;
import io.kapsel.oci.Root;
import io.kapsel.oci.Spec;
import io.kapsel.oci.User;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Bundles for tests: as the engine makes them for an ordinary container. */
final class Bundles {
  static final List<String> MASKED =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/firmware",
          "/sys/devices/virtual/powercap");
  static final List<String> READ_ONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private final Path directory;
  private final String id;
  private boolean userNamespace = true;
  private boolean terminal;
  private boolean input;
  private boolean init;
  private boolean noNewPrivileges;
  private boolean readOnly;
  private boolean clocks;
  private boolean network = true;
  private Map<String, String> sysctls = Map.of();
  private List<Device> devices = List.of();
  private Optional<Resources> resources = Optional.empty();
  private User user = User.of(0, 0);
  private List<Process.Rlimit> limits = List.of();
  private Optional<Integer> oomScore = Optional.empty();
  private String cwd = "/";
  private Optional<RootFilesystem> root = Optional.empty();
  private List<Mount> more = List.of();
  private long firstId = 0x20000000L;
  private String hostname = "box";
  private Optional<Ttys> ttys = Optional.empty();

  Bundles(Path directory, String id) {
    this.directory = directory;
    this.id = id;
  }

  Bundles withTtys(Ttys more) {
    ttys = Optional.of(more);
    return this;
  }

  Bundles named(String host) {
    hostname = host;
    return this;
  }

  Bundles withIdsFrom(long first) {
    firstId = first;
    return this;
  }

  Bundles onHostUsers() {
    userNamespace = false;
    return this;
  }

  Bundles withTerminal() {
    terminal = true;
    return this;
  }

  Bundles withInput() {
    input = true;
    return this;
  }

  Bundles withInit() {
    init = true;
    return this;
  }

  Bundles with(Mount... mounts) {
    more = List.of(mounts);
    return this;
  }

  Bundles withoutNewPrivileges() {
    noNewPrivileges = true;
    return this;
  }

  Bundles readOnly() {
    readOnly = true;
    return this;
  }

  Bundles withClocks() {
    clocks = true;
    return this;
  }

  Bundles onHostNetwork() {
    network = false;
    return this;
  }

  Bundles withSysctls(Map<String, String> all) {
    sysctls = all;
    return this;
  }

  Bundles with(Device... all) {
    devices = List.of(all);
    return this;
  }

  Bundles with(Resources limits) {
    resources = Optional.of(limits);
    return this;
  }

  Bundles as(User who) {
    user = who;
    return this;
  }

  Bundles with(Process.Rlimit... all) {
    limits = List.of(all);
    return this;
  }

  Bundles withOomScore(int score) {
    oomScore = Optional.of(score);
    return this;
  }

  Bundles in(String directory) {
    cwd = directory;
    return this;
  }

  Bundles on(RootFilesystem other) {
    root = Optional.of(other);
    return this;
  }

  Bundle running(String... command) {
    List<Namespace> namespaces = new ArrayList<>();
    for (Namespace.Type type : Namespace.Type.values()) {
      if ((clocks || type != Namespace.Type.TIME)
          && (network || type != Namespace.Type.NETWORK)
          && (userNamespace || type != Namespace.Type.USER)) {
        namespaces.add(Namespace.own(type));
      }
    }
    List<IdMapping> ids = userNamespace ? List.of(new IdMapping(0, firstId, 65536)) : List.of();
    List<Mount> mounts = new ArrayList<>(standardMounts());
    mounts.addAll(more);
    return new Bundle(
        id,
        new Spec(
            Spec.VERSION,
            Optional.of(process(command)),
            Optional.of(new Root("rootfs", readOnly)),
            Optional.of(hostname),
            Optional.empty(),
            mounts,
            Optional.empty(),
            Map.of(),
            Optional.of(linux(ids, namespaces))),
        root.orElse(
            new RootFilesystem.Overlay(
                List.of(new RootFilesystem.Lower(Path.of("/"))), directory, true)),
        Optional.of(DefaultProfile.profile(CapabilitySet.DEFAULT, Abi.host())),
        init,
        false,
        new Stdio(terminal, input, true, 24, 80, ttys),
        directory,
        directory,
        1 << 20);
  }

  private Process process(String... command) {
    List<String> all = CapabilitySet.DEFAULT.labels();
    return new Process(
        terminal,
        Optional.empty(),
        user,
        Arrays.asList(command),
        List.of("PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
        cwd,
        Optional.of(new Capabilities(all, all, List.of(), all, List.of())),
        limits,
        noNewPrivileges,
        Optional.empty(),
        oomScore,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static List<Mount> standardMounts() {
    return List.of(
        Mount.of("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
        Mount.of("/dev", "tmpfs", "tmpfs", "nosuid", "mode=755", "size=65536k"),
        Mount.of("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance"),
        Mount.of("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        Mount.of("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "ro"),
        Mount.of("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        Mount.of("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "size=64m"));
  }

  private Linux linux(List<IdMapping> ids, List<Namespace> namespaces) {
    return new Linux(
        ids,
        ids,
        sysctls,
        Optional.of(resources.orElse(resources(2048, Optional.empty(), Optional.empty()))),
        Optional.of("/kapsel"),
        namespaces,
        devices,
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        MASKED,
        READ_ONLY,
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Optional.empty());
  }

  static Resources resources(
      long pids, Optional<Resources.Memory> memory, Optional<Resources.Cpu> cpu) {
    return new Resources(
        List.of(),
        memory,
        cpu,
        Optional.of(new Resources.Pids(Optional.of(pids))),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Map.of(),
        Map.of());
  }

  static Resources.Memory memory(long bytes) {
    return new Resources.Memory(
        Optional.of(bytes),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
