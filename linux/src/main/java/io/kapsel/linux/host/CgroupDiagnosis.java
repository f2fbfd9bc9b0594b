package io.kapsel.linux.host;

import io.kapsel.linux.cgroup.CgroupHost;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Looks at the control groups of the host; a part of {@link HostDiagnosis}. */
final class CgroupDiagnosis {
  private static final List<String> CONTROLLERS = List.of("cpu", "cpuset", "memory", "pids", "io");
  private static final String BOOT_V2 = "boot with systemd.unified_cgroup_hierarchy=1";

  private final HostFacts facts;
  private final CgroupHost host;
  private final HostFiles files;

  CgroupDiagnosis(HostFacts facts, HostFiles files) {
    this.facts = facts;
    this.host = facts.cgroups();
    this.files = files;
  }

  List<HostCheck> checks() {
    List<HostCheck> all = new ArrayList<>();
    all.add(mode());
    CONTROLLERS.forEach(name -> all.add(controller(name)));
    all.add(swap());
    all.add(kill());
    all.add(devices());
    return all;
  }

  private HostCheck mode() {
    String name = "cgroups";
    return switch (host.mode()) {
      case V2 -> HostCheck.ok(name, "version 2");
      case HYBRID ->
          HostCheck.limited(
              name, "version 1, with a version 2 tree beside it: everything works", BOOT_V2);
      case V1 ->
          HostCheck.limited(
              name,
              "version 1: a container cannot be killed at once, and devices are filtered by path",
              BOOT_V2);
      case NONE ->
          HostCheck.missing(name, "none are mounted", "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
    };
  }

  private HostCheck controller(String controller) {
    String name = "cgroup " + controller;
    if (host.has(controller)) {
      return HostCheck.ok(
          name, "limits are set in version " + (host.onUnified(controller) ? "2" : "1"));
    }
    String mend =
        controller.equals("memory")
            ? "boot with cgroup_enable=memory"
            : "use a kernel that was built with the " + controller + " controller";
    return HostCheck.limited(name, "containers that ask for such a limit are refused", mend);
  }

  private HostCheck swap() {
    String name = "swap accounting";
    return swapFiles().anyMatch(files::exists)
        ? HostCheck.ok(name, "--memory-swap is obeyed")
        : HostCheck.limited(
            name, "containers that ask for --memory-swap are refused", "boot with swapaccount=1");
  }

  /** In version 2 only a group below the root has the file, such as that of the engine itself. */
  private Stream<String> swapFiles() {
    if (host.onUnified("memory")) {
      Path unified = host.unified().orElseThrow();
      return Stream.of(own(), "init.scope", "kapsel", "system.slice")
          .map(group -> unified.resolve(group).resolve("memory.swap.max").toString());
    }
    Path memory = host.v1().get("memory");
    return memory == null
        ? Stream.empty()
        : Stream.of(memory.resolve("memory.memsw.limit_in_bytes").toString());
  }

  private String own() {
    return files
        .text("/proc/self/cgroup")
        .lines()
        .filter(line -> line.startsWith("0::/"))
        .map(line -> line.substring("0::/".length()))
        .findFirst()
        .orElse("");
  }

  private HostCheck kill() {
    String name = "cgroup.kill";
    return host.unified().isPresent() && facts.kernelAtLeast(5, 14)
        ? HostCheck.ok(name, "all processes of a container can be killed at once")
        : HostCheck.limited(
            name,
            "processes outside a container's pid namespace are killed one after the other",
            "use Linux 5.14 or newer with cgroups version 2");
  }

  private HostCheck devices() {
    String name = "device filter";
    if (host.unified().isPresent() && files.exists("/proc/sys/kernel/unprivileged_bpf_disabled")) {
      return HostCheck.ok(name, "an eBPF program decides which devices a container may use");
    }
    if (host.v1().containsKey("devices")) {
      return HostCheck.ok(name, "the devices controller decides which devices may be used");
    }
    return HostCheck.missing(
        name,
        "nothing can keep a container from the host's devices",
        "use a kernel that was built with CONFIG_CGROUP_BPF and CONFIG_BPF_SYSCALL");
  }
}
