package io.kapsel.linux.host;

import io.kapsel.linux.capability.Capability;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Looks at everything of the host that containers depend on and says how to mend what is not well.
 */
public final class HostDiagnosis {
  private static final List<String> NAMESPACES =
      List.of("cgroup", "ipc", "mnt", "net", "pid", "user", "uts");
  private static final Set<String> PARSERS =
      Set.of("/sbin/apparmor_parser", "/usr/sbin/apparmor_parser");

  private final HostFacts facts;
  private final HostFiles files;

  HostDiagnosis(HostFacts facts, HostFiles files) {
    this.facts = facts;
    this.files = files;
  }

  /** All checks of this host, in the order in which a reader should mend. */
  public static List<HostCheck> of(HostFacts facts) {
    return new HostDiagnosis(facts, HostFiles.real()).checks();
  }

  List<HostCheck> checks() {
    List<HostCheck> all = new ArrayList<>();
    all.add(kernel());
    all.add(root());
    NAMESPACES.forEach(name -> all.add(namespace(name)));
    all.add(userNamespaces());
    all.add(overlay());
    all.addAll(new CgroupDiagnosis(facts, files).checks());
    all.add(seccomp());
    all.add(securityModule());
    all.add(executableMemory());
    all.add(resourceLimits());
    return List.copyOf(all);
  }

  private HostCheck kernel() {
    String name = "kernel";
    String version = "Linux " + facts.kernelMajor() + "." + facts.kernelMinor();
    if (!facts.idmappedLayers()) {
      return HostCheck.missing(
          name,
          version + " cannot give the layers of an image to a user namespace",
          "install Linux 5.19 or newer, best 6.15");
    }
    if (!facts.layersByDescriptor()) {
      return HostCheck.limited(
          name,
          version + " takes the layers of an image only by path, which costs a mount for each",
          "install Linux 6.15 or newer");
    }
    return HostCheck.ok(name, version + " has everything that is used");
  }

  private HostCheck root() {
    String name = "root";
    String mend = "start the engine as root, with every capability";
    if (!effectiveUser().equals("0")) {
      return HostCheck.missing(name, "the engine does not run as root", mend);
    }
    if (!facts.bounding().contains(Capability.SYS_ADMIN)) {
      return HostCheck.missing(name, "the engine may not mount or make namespaces", mend);
    }
    return HostCheck.ok(name, "the engine runs as root");
  }

  private String effectiveUser() {
    return files
        .text("/proc/self/status")
        .lines()
        .filter(line -> line.startsWith("Uid:"))
        .map(line -> line.split("\\s+", -1)[2])
        .findFirst()
        .orElse("");
  }

  private HostCheck namespace(String kind) {
    String name = "namespace " + kind;
    return files.exists("/proc/self/ns/" + kind)
        ? HostCheck.ok(name, "the kernel has it")
        : HostCheck.missing(
            name,
            "containers cannot be kept apart in it",
            "use a kernel that was built with it (CONFIG_NAMESPACES and what is below)");
  }

  private HostCheck userNamespaces() {
    String name = "user namespaces";
    return facts.userNamespaces() > 0
        ? HostCheck.ok(name, "root in a container is nobody on the host")
        : HostCheck.missing(
            name,
            "none may be made: containers start with --userns=host only",
            "sysctl -w user.max_user_namespaces=15000");
  }

  private HostCheck overlay() {
    String name = "overlay";
    boolean known =
        files.text("/proc/filesystems").lines().anyMatch(line -> line.endsWith("\toverlay"));
    return known
        ? HostCheck.ok(name, "containers share the layers of their images")
        : HostCheck.missing(
            name,
            "the kernel does not know the file system that joins the layers of an image",
            "modprobe overlay");
  }

  private HostCheck seccomp() {
    String name = "seccomp";
    Set<String> actions =
        Set.of(files.text("/proc/sys/kernel/seccomp/actions_avail").split("\\s+", -1));
    return actions.containsAll(Set.of("kill_process", "errno", "allow"))
        ? HostCheck.ok(name, "system calls are filtered")
        : HostCheck.missing(
            name,
            "the kernel cannot filter system calls: only privileged containers start",
            "use a kernel that was built with CONFIG_SECCOMP_FILTER");
  }

  private HostCheck securityModule() {
    if (facts.appArmor()) {
      return PARSERS.stream().anyMatch(files::exists)
          ? HostCheck.ok("AppArmor", "every container is confined by a profile")
          : HostCheck.missing(
              "AppArmor",
              "the kernel enforces it, but there is nothing that loads the default profile",
              "install apparmor_parser (package apparmor)");
    }
    if (facts.seLinux()) {
      return HostCheck.ok("SELinux", "containers can have a label");
    }
    return HostCheck.limited(
        "AppArmor, SELinux",
        "neither is active: there is no second line behind namespaces and seccomp",
        "boot with one of them, such as lsm=...,apparmor");
  }

  private HostCheck executableMemory() {
    String name = "memfd_noexec";
    return files.text("/proc/sys/vm/memfd_noexec").equals("2")
        ? HostCheck.missing(
            name,
            "the launcher, which is run from sealed memory, is refused",
            "sysctl -w vm.memfd_noexec=1")
        : HostCheck.ok(name, "the launcher may be run from sealed memory");
  }

  private HostCheck resourceLimits() {
    String name = "resource limits";
    return facts.bounding().contains(Capability.SYS_RESOURCE)
        ? HostCheck.ok(name, "every --ulimit can be given")
        : HostCheck.limited(
            name,
            "the engine has no CAP_SYS_RESOURCE: limits above its own are lowered to those",
            "start the engine with CAP_SYS_RESOURCE, or with higher limits of its own");
  }
}
