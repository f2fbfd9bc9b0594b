package io.kapsel.runtime;

import io.kapsel.linux.Abi;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.seccomp.ArgumentCondition;
import io.kapsel.linux.seccomp.SeccompAction;
import io.kapsel.linux.seccomp.SeccompFlag;
import io.kapsel.oci.Features;
import io.kapsel.oci.Features.Switch;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Spec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What this build can do on a host. */
public final class HostFeatures {
  private static final List<String> HOOKS =
      List.of(
          "prestart",
          "createRuntime",
          "createContainer",
          "startContainer",
          "poststart",
          "poststop");

  private HostFeatures() {}

  /**
   * The features.
   *
   * @param checkpoint whether containers of the caller can be frozen into files, and brought back
   */
  public static Features of(HostFacts facts, boolean checkpoint) {
    return new Features(
        "1.0.0",
        Spec.VERSION,
        HOOKS,
        MountOptions.known(),
        new Features.OnLinux(
            Arrays.stream(Namespace.Type.values()).map(Namespace.Type::toString).sorted().toList(),
            Arrays.stream(Capability.values())
                .filter(each -> each.number() <= facts.lastCapability())
                .map(Capability::label)
                .toList(),
            new Features.Cgroup(
                !facts.cgroups().v1().isEmpty(),
                facts.cgroups().unified().isPresent(),
                true,
                true,
                facts.cgroups().has("rdma")),
            seccomp(facts),
            new Switch(facts.appArmor()),
            new Switch(facts.seLinux()),
            rdt(),
            new Features.MemoryPolicy(
                SchedulingPlanner.memoryModes(), SchedulingPlanner.memoryFlags()),
            new Features.MountExtensions(new Switch(facts.kernelAtLeast(5, 12))),
            new Switch(true)),
        Map.of("org.opencontainers.runc.checkpoint.enabled", Boolean.toString(checkpoint)),
        List.of());
  }

  private static Features.IntelRdt rdt() {
    boolean there = RootLook.isDirectory(ResctrlPlanner.POINT.resolve("info"));
    return new Features.IntelRdt(there, there, there);
  }

  private static Features.Filter seccomp(HostFacts facts) {
    List<String> flags = Stream.of(SeccompFlag.values()).map(SeccompFlag::label).toList();
    List<String> supported =
        flags.stream()
            .filter(flag ->
                !flag.equals(SeccompFlag.WAIT_KILLABLE_RECV.label()) || facts.kernelAtLeast(5, 19))
            .toList();
    return new Features.Filter(
        true,
        Stream.concat(
                Stream.of("SCMP_ACT_KILL"),
                Stream.of(SeccompAction.Kind.values()).map(SeccompAction.Kind::label))
            .toList(),
        Stream.of(ArgumentCondition.Operator.values())
            .map(ArgumentCondition.Operator::label)
            .toList(),
        Abi.host() == Abi.X86_64
            ? List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86")
            : List.of("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"),
        flags,
        supported);
  }
}
