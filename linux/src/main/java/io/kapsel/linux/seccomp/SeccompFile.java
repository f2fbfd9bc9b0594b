package io.kapsel.linux.seccomp;

import io.kapsel.linux.Abi;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A seccomp profile as people write it into a JSON file: Docker's format, of which that of the OCI
 * specification is a part. The names of the components are those of the properties.
 *
 * @param archMap Docker's way to say which architectures go together; not with {@code
 *     architectures}
 */
public record SeccompFile(
    String defaultAction,
    Optional<Integer> defaultErrnoRet,
    List<String> architectures,
    List<Family> archMap,
    List<String> flags,
    Optional<String> listenerPath,
    List<Call> syscalls) {
  private static final int MOST_CALLS = 10_000;
  private static final Set<String> OTHER_ARCHITECTURES =
      Set.of(
          "X32",
          "LOONGARCH64",
          "M68K",
          "MIPS",
          "MIPS64",
          "MIPS64N32",
          "MIPSEL",
          "MIPSEL64",
          "MIPSEL64N32",
          "PARISC",
          "PARISC64",
          "PPC",
          "PPC64",
          "PPC64LE",
          "RISCV64",
          "S390",
          "S390X",
          "SH",
          "SHEB");

  /** An architecture and those that its kernels offer too. */
  public record Family(String architecture, List<String> subArchitectures) {}

  /** What to do with some calls, for some containers. */
  public record Call(
      List<String> names,
      Optional<String> name,
      String action,
      Optional<Integer> errnoRet,
      List<Argument> args,
      Optional<Selector> includes,
      Optional<Selector> excludes) {}

  /** A condition on an argument. */
  public record Argument(int index, long value, long valueTwo, String op) {}

  /** Which containers and hosts are meant. */
  public record Selector(List<String> caps, List<String> arches, Optional<String> minKernel) {}

  /** Checks what does not depend on the container. */
  public SeccompFile {
    if (!architectures.isEmpty() && !archMap.isEmpty()) {
      throw new SeccompException(
          "cannot use the seccomp profile: it has both 'architectures' and 'archMap'");
    }
    if (syscalls.size() > MOST_CALLS) {
      throw new SeccompException(
          "cannot use the seccomp profile: it has more than " + MOST_CALLS + " rules");
    }
  }

  /** The host and the container that a profile is chosen for. */
  public record Target(Abi abi, CapabilitySet capabilities, int kernelMajor, int kernelMinor) {
    private boolean has(String capability) {
      return Capability.of(capability).filter(capabilities::contains).isPresent();
    }

    /** By the names that Go and the kernel have for it. */
    private boolean is(String architecture) {
      return switch (abi) {
        case X86_64 -> architecture.equals("amd64") || architecture.equals("x86_64");
        case I386 -> architecture.equals("x86") || architecture.equals("386");
        case AARCH64 -> architecture.equals("arm64") || architecture.equals("aarch64");
        case ARM -> architecture.equals("arm");
      };
    }

    private boolean hasKernel(String least) {
      String[] parts = least.split("\\.", 3);
      try {
        int major = Integer.parseInt(parts[0]);
        int minor = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
        return kernelMajor > major || (kernelMajor == major && kernelMinor >= minor);
      } catch (NumberFormatException e) {
        throw new SeccompException(
            "cannot use the seccomp profile: '" + least + "' is not a kernel version");
      }
    }
  }

  /** The part of the file that concerns the container, which may not want a supervisor. */
  public SeccompProfile profile(Target target) {
    SeccompProfile profile = whole(target);
    if (listenerPath.isPresent() || profile.notifies()) {
      throw new SeccompException(
          "cannot use the seccomp profile: it wants a listener, which is not supported");
    }
    return profile;
  }

  /** The same; calls may be answered by a supervisor. */
  public SeccompProfile whole(Target target) {
    List<SeccompRule> rules = new ArrayList<>();
    for (Call call : syscalls) {
      if (concerns(call, target)) {
        addRules(rules, call);
      }
    }
    return new SeccompProfile(
        SeccompAction.parse(defaultAction, optional(defaultErrnoRet)),
        abis(target.abi()),
        Set.copyOf(flags.stream().map(SeccompFlag::parse).toList()),
        rules);
  }

  private static boolean concerns(Call call, Target target) {
    return call.includes().filter(selector -> !holds(selector, target)).isEmpty()
        && call.excludes().filter(selector -> touches(selector, target)).isEmpty();
  }

  private static boolean holds(Selector selector, Target target) {
    return selector.caps().stream().allMatch(target::has)
        && (selector.arches().isEmpty() || selector.arches().stream().anyMatch(target::is))
        && selector.minKernel().filter(least -> !target.hasKernel(least)).isEmpty();
  }

  private static boolean touches(Selector selector, Target target) {
    return selector.caps().stream().anyMatch(target::has)
        || selector.arches().stream().anyMatch(target::is)
        || selector.minKernel().filter(target::hasKernel).isPresent();
  }

  private static void addRules(List<SeccompRule> rules, Call call) {
    List<String> names =
        Stream.concat(call.name().stream(), call.names().stream()).distinct().toList();
    OptionalInt errno = optional(call.errnoRet());
    SeccompAction action = SeccompAction.parse(call.action(), errno);
    List<ArgumentCondition> conditions = call.args().stream().map(SeccompFile::condition).toList();
    if (sameArgumentTwice(conditions)) {
      // libseccomp takes one condition for each argument, so runtimes make such a rule several
      conditions.forEach(each -> rules.add(new SeccompRule(names, action, List.of(each))));
    } else {
      rules.add(new SeccompRule(names, action, conditions));
    }
  }

  private static ArgumentCondition condition(Argument argument) {
    ArgumentCondition.Operator operator = ArgumentCondition.Operator.parse(argument.op());
    return new ArgumentCondition(argument.index(), operator, argument.value(), argument.valueTwo());
  }

  private static boolean sameArgumentTwice(List<ArgumentCondition> conditions) {
    Set<Integer> seen = new HashSet<>();
    return !conditions.stream().allMatch(condition -> seen.add(condition.index()));
  }

  private List<Abi> abis(Abi host) {
    List<String> names = new ArrayList<>(architectures);
    for (Family family : archMap) {
      if (abi(family.architecture()).filter(each -> each == host).isPresent()) {
        names.addAll(family.subArchitectures());
      }
    }
    return names.stream().flatMap(name -> abi(name).stream()).distinct().toList();
  }

  private static Optional<Abi> abi(String name) {
    String bare = name.startsWith("SCMP_ARCH_") ? name.substring("SCMP_ARCH_".length()) : "";
    return switch (bare) {
      case "X86_64" -> Optional.of(Abi.X86_64);
      case "X86" -> Optional.of(Abi.I386);
      case "AARCH64" -> Optional.of(Abi.AARCH64);
      case "ARM" -> Optional.of(Abi.ARM);
      default -> {
        if (!OTHER_ARCHITECTURES.contains(bare.toUpperCase(Locale.ROOT))) {
          throw new SeccompException(
              "cannot use seccomp architecture '" + name + "': it is unknown");
        }
        yield Optional.empty();
      }
    };
  }

  private static OptionalInt optional(Optional<Integer> value) {
    return value.map(OptionalInt::of).orElseGet(OptionalInt::empty);
  }
}
