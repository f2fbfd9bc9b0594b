package io.kapsel.runtime;

import io.kapsel.oci.Linux;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Process;
import io.kapsel.oci.Spec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a configuration may not ask for, in the words that callers of runtimes look for. All of it
 * is found before anything is made.
 */
final class BundleRules {
  private static final String UNKNOWN_CALLS = "seccomp: unknown system calls are left out: ";

  private final Wanted wanted;
  private final Spec spec;
  private final Linux linux;

  private BundleRules(Wanted wanted) {
    this.wanted = wanted;
    this.spec = wanted.bundle().spec();
    this.linux = wanted.linux();
  }

  static void check(Wanted wanted) {
    BundleRules rules = new BundleRules(wanted);
    rules.root();
    rules.namespaces();
    rules.users();
    rules.clocks();
    rules.security();
    rules.process();
    AgentPlanner.check(wanted);
  }

  /** A link could lead anywhere by the time it is followed. */
  private void root() {
    if (spec.root().isEmpty()) {
      throw refuse("the configuration has no 'root'");
    }
    Path root = ((RootFilesystem.Directory) wanted.bundle().root()).path();
    if (!root.isAbsolute() || RootLook.isLink(root)) {
      throw refuse("invalid rootfs: not an absolute path, or a symlink");
    }
  }

  private void namespaces() {
    Optional<Namespace> mounts = linux.namespace(Namespace.Type.MOUNT);
    if (mounts.isEmpty()) {
      boolean hides = !linux.maskedPaths().isEmpty() || !linux.readonlyPaths().isEmpty();
      throw refuse(
          hides
              ? "unable to restrict sys entries without a private MNT namespace"
              : "a container without a mount namespace would mount on the host");
    }
    if (mounts.get().path().isPresent()) {
      throw refuse("a root cannot be entered in the mount namespace of another container");
    }
    requireUts("hostname", spec.hostname());
    requireUts("domainname", spec.domainname());
    if (!linux.netDevices().isEmpty() && linux.namespace(Namespace.Type.NETWORK).isEmpty()) {
      throw refuse("unable to move network devices without a private NET namespace");
    }
  }

  private void requireUts(String what, Optional<String> name) {
    boolean set = name.filter(text -> !text.isEmpty()).isPresent();
    if (set && linux.namespace(Namespace.Type.UTS).isEmpty()) {
      throw refuse("unable to set " + what + " without a private UTS namespace");
    }
  }

  private void users() {
    Optional<Namespace> users = linux.namespace(Namespace.Type.USER);
    boolean mappings = !linux.uidMappings().isEmpty() || !linux.gidMappings().isEmpty();
    if (users.isEmpty() && mappings) {
      throw refuse(
          "user namespace mappings specified, but user namespace isn't enabled in the config");
    }
    if (users.isEmpty()) {
      return;
    }
    if (wanted.facts().userNamespaces() == 0) {
      throw refuse("user namespaces aren't enabled in the kernel");
    }
    if (users.get().path().isEmpty()
        && (linux.uidMappings().isEmpty() || linux.gidMappings().isEmpty())) {
      throw refuse(
          "user namespaces enabled, but no namespace path to join nor mappings to apply specified");
    }
  }

  private void clocks() {
    Optional<Namespace> time = linux.namespace(Namespace.Type.TIME);
    if (linux.timeOffsets().isEmpty()) {
      return;
    }
    if (time.isEmpty()) {
      throw refuse(
          "time namespace offsets specified, but time namespace isn't enabled in the config");
    }
    if (time.get().path().isPresent()) {
      throw refuse(
          "time namespace enabled, but both namespace path and time offsets specified -- you may"
              + " only provide one");
    }
    for (String clock : linux.timeOffsets().keySet()) {
      if (!clock.equals("monotonic") && !clock.equals("boottime")) {
        throw refuse("'linux.timeOffsets' has no clock '" + clock + "'");
      }
    }
  }

  private void security() {
    boolean label = linux.mountLabel().filter(text -> !text.isEmpty()).isPresent();
    if (label && !wanted.facts().seLinux()) {
      throw refuse(
          "selinux label is specified in config, but selinux is disabled or not supported");
    }
    if (linux.intelRdt().isPresent()
        && !RootLook.isDirectory(ResctrlPlanner.POINT.resolve("info"))) {
      throw refuse("intelRdt is specified in config, but Intel RDT is not enabled");
    }
  }

  private void process() {
    Process process = wanted.process();
    if (process.args().isEmpty() || process.args().getFirst().isEmpty()) {
      throw refuse("'process.args' is empty");
    }
    for (String each : process.env()) {
      if (each.indexOf('=') <= 0) {
        throw refuse("'process.env' has an entry without a name: '" + each + "'");
      }
    }
  }

  /** What is asked for and left out, which the specification says is only worth a warning. */
  static List<String> warnings(Wanted wanted) {
    List<String> warnings = new ArrayList<>();
    List<String> unknown =
        wanted.process().capabilities().map(Capabilities::unknown).orElse(List.of());
    if (!unknown.isEmpty()) {
      warnings.add("ignoring unknown or unavailable capabilities: " + unknown);
    }
    wanted.process().capabilities().map(Capabilities::unraised).orElse(List.of()).stream()
        .map(name -> "can't raise ambient capability " + name + ": operation not permitted")
        .forEach(warnings::add);
    wanted
        .bundle()
        .seccomp()
        .map(profile -> profile.unknownCalls())
        .filter(calls -> !calls.isEmpty())
        .ifPresent(calls -> warnings.add(UNKNOWN_CALLS + calls));
    boolean asks = wanted.bundle().seccomp().filter(each -> each.notifies()).isPresent();
    if (!asks && wanted.linux().seccomp().flatMap(each -> each.listenerPath()).isPresent()) {
      warnings.add("'linux.seccomp.listenerPath' is ignored: no rule has SCMP_ACT_NOTIFY");
    }
    wanted
        .linux()
        .resources()
        .flatMap(each -> each.memory())
        .filter(memory -> memory.kernel().isPresent() || memory.kernelTcp().isPresent())
        .ifPresent(_ ->
            warnings.add(
                "'linux.resources.memory.kernel' and 'kernelTCP' are no longer in Linux; ignored"));
    return warnings;
  }

  /**
   * Whether somebody must be told unasked. The filters of Docker and Podman name calls of other
   * processors, and what is said would be in the log of every container.
   */
  static boolean concerns(String notice) {
    return !notice.startsWith(UNKNOWN_CALLS);
  }

  /** Names that are no capabilities. */
  private static final class Capabilities {
    static List<String> unknown(io.kapsel.oci.Capabilities sets) {
      return java.util.stream.Stream.of(
              sets.bounding(),
              sets.effective(),
              sets.inheritable(),
              sets.permitted(),
              sets.ambient())
          .flatMap(List::stream)
          .distinct()
          .filter(name -> !Wanted.isCapability(name))
          .toList();
    }

    /** Those that the kernel keeps out of the ambient set; see capabilities(7). */
    static List<String> unraised(io.kapsel.oci.Capabilities sets) {
      return sets.ambient().stream()
          .filter(Wanted::isCapability)
          .filter(name -> !sets.inheritable().contains(name) || !sets.permitted().contains(name))
          .toList();
    }
  }

  private static LaunchException refuse(String why) {
    return new LaunchException(LaunchException.Kind.REFUSED, why);
  }
}
