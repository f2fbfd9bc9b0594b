package io.kapsel.engine;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.linux.Abi;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.seccomp.ArgumentCondition;
import io.kapsel.linux.seccomp.SeccompAction;
import io.kapsel.linux.seccomp.SeccompException;
import io.kapsel.linux.seccomp.SeccompFlag;
import io.kapsel.linux.seccomp.SeccompProfile;
import io.kapsel.linux.seccomp.SeccompRule;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.Seccomp;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A profile in Docker's JSON: rules that hold only with some capability, processor or kernel. */
public record DockerSeccomp(
    String defaultAction,
    Optional<Integer> defaultErrnoRet,
    List<String> architectures,
    List<Architecture> archMap,
    List<String> flags,
    Optional<String> listenerPath,
    List<Rule> syscalls) {
  private static final Pattern ARCHITECTURE =
      Pattern.compile(
          "SCMP_ARCH_(X86|X86_64|X32|ARM|AARCH64|MIPS|MIPS64|MIPS64N32|MIPSEL|MIPSEL64|MIPSEL64N32"
              + "|PPC|PPC64|PPC64LE|S390|S390X|PARISC|PARISC64|RISCV64|LOONGARCH64|M68K|SH|SHEB)");

  /** A processor and what else it can run. */
  public record Architecture(String architecture, List<String> subArchitectures) {}

  /** A rule and when it holds. */
  public record Rule(
      List<String> names,
      Optional<String> name,
      String action,
      Optional<Integer> errnoRet,
      List<Seccomp.Arg> args,
      Optional<Condition> includes,
      Optional<Condition> excludes) {}

  /** When a rule holds. */
  public record Condition(List<String> caps, List<String> arches, Optional<String> minKernel) {
    boolean allOf(CapabilitySet capabilities, HostFacts facts, String arch) {
      return caps.stream().allMatch(name -> has(capabilities, name))
          && (arches.isEmpty() || arches.stream().anyMatch(each -> isArch(each, arch)))
          && minKernel.map(version -> reached(facts, version)).orElse(true);
    }

    boolean anyOf(CapabilitySet capabilities, HostFacts facts, String arch) {
      return caps.stream().anyMatch(name -> has(capabilities, name))
          || arches.stream().anyMatch(each -> isArch(each, arch))
          || minKernel.map(version -> reached(facts, version)).orElse(false);
    }

    private static boolean has(CapabilitySet capabilities, String name) {
      return Capability.of(name).map(capabilities::contains).orElse(false);
    }

    private static boolean isArch(String name, String label) {
      String canonical =
          switch (name.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> "SCMP_ARCH_X86_64";
            case "arm64", "aarch64" -> "SCMP_ARCH_AARCH64";
            default -> name;
          };
      return canonical.equals(label);
    }

    private static boolean reached(HostFacts facts, String version) {
      if (!version.matches("\\d{1,4}\\.\\d{1,4}(\\..*)?")) {
        throw new EngineException.Invalid(
            "use", "the seccomp profile", "'" + version + "' is not a kernel version");
      }
      String[] parts = version.split("\\.", -1);
      return facts.kernelAtLeast(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
    }
  }

  SeccompProfile resolve(CapabilitySet capabilities, HostFacts facts, Abi host) {
    if (listenerPath.isPresent()) {
      throw new EngineException.Refused(
          "use", "the seccomp profile", "it wants a listener, which is not supported");
    }
    String arch = host == Abi.AARCH64 ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";
    List<SeccompRule> rules = new ArrayList<>();
    for (Rule rule : syscalls) {
      boolean included = rule.includes().map(c -> c.allOf(capabilities, facts, arch)).orElse(true);
      boolean excluded = rule.excludes().map(c -> c.anyOf(capabilities, facts, arch)).orElse(false);
      if (included && !excluded) {
        rules.add(
            new SeccompRule(
                rule.name().map(List::of).orElse(rule.names()),
                SeccompAction.parse(rule.action(), number(rule.errnoRet())),
                rule.args().stream().map(DockerSeccomp::condition).toList()));
      }
    }
    boolean both = architectures(arch).contains("SCMP_ARCH_X86");
    return new SeccompProfile(
        SeccompAction.parse(defaultAction, number(defaultErrnoRet)),
        both ? List.of(host, Abi.I386) : List.of(host),
        flags.stream().map(SeccompFlag::parse).collect(Collectors.toSet()),
        rules);
  }

  private static OptionalInt number(Optional<Integer> value) {
    return value.map(OptionalInt::of).orElse(OptionalInt.empty());
  }

  private static ArgumentCondition condition(Seccomp.Arg arg) {
    return new ArgumentCondition(
        arg.index(), ArgumentCondition.Operator.parse(arg.op()), arg.value(), arg.valueTwo());
  }

  private List<String> architectures(String arch) {
    for (Architecture each : archMap) {
      if (each.architecture().equals(arch)) {
        List<String> all = new ArrayList<>(List.of(arch));
        all.addAll(each.subArchitectures());
        return all;
      }
    }
    return architectures.isEmpty() ? List.of(arch) : architectures;
  }

  /** Nobody would answer a call that waits for a supervisor. */
  private static SeccompProfile supported(SeccompProfile profile) {
    if (profile.notifies()) {
      throw new EngineException.Refused(
          "use", "the seccomp profile", "SCMP_ACT_NOTIFY needs a supervisor, and there is none");
    }
    return profile;
  }

  private DockerSeccomp known() {
    for (String name : architectures) {
      if (!ARCHITECTURE.matcher(name).matches()) {
        throw new EngineException.Invalid(
            "use", "the seccomp profile", "'" + name + "' is not an architecture");
      }
    }
    return this;
  }

  /** Reads a profile and takes the rules that hold here. */
  public static SeccompProfile read(String json, CapabilitySet capabilities, HostFacts facts) {
    try {
      return supported(
          Json.read(json.getBytes(StandardCharsets.UTF_8), DockerSeccomp.class)
              .known()
              .resolve(capabilities, facts, Abi.host()));
    } catch (JsonException | SeccompException | InvalidSpecException e) {
      throw new EngineException.Invalid(
          "use", "the seccomp profile", String.valueOf(e.getMessage()));
    }
  }
}
