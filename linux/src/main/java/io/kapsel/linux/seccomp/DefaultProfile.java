package io.kapsel.linux.seccomp;

import static io.kapsel.linux.seccomp.ArgumentCondition.Operator.EQ;
import static io.kapsel.linux.seccomp.ArgumentCondition.Operator.GT;
import static io.kapsel.linux.seccomp.ArgumentCondition.Operator.LE;
import static io.kapsel.linux.seccomp.ArgumentCondition.Operator.LT;
import static io.kapsel.linux.seccomp.ArgumentCondition.Operator.MASKED_EQ;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The profile of a container for which nobody asked for another one: an allow-list.
 *
 * <p>A call that is known and not allowed fails with EPERM, one that is newer than the list with
 * ENOSYS. What a capability guards is allowed to a container that has the capability. {@code
 * clone3} fails with ENOSYS without CAP_SYS_ADMIN, because its flags lie behind a pointer that a
 * filter cannot follow; C libraries then use {@code clone}, whose flags can be seen.
 *
 * <p>On 32-bit x86 {@code socketcall} hides the family of a socket behind a pointer too. It stays
 * allowed, since old programs have no other way to a network; the security module's profile denies
 * the family {@code alg} once more.
 */
public final class DefaultProfile {
  /** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
  private static final long NEW_NAMESPACES = 0x7E020000L;

  private static final long AF_ALG = 38;
  private static final long AF_VSOCK = 40;
  private static final long LARGEST_FAMILY = 0xffffffffL;

  /** Linux, 32-bit Linux, both with addresses laid out the old way, and the question which. */
  private static final long[] PERSONALITIES = {0, 8, 0x20000, 0x20008, 0xffffffffL};

  private static final SeccompAction DENY = SeccompAction.errno(Errno.EPERM);

  private DefaultProfile() {}

  /** The profile of a container with these capabilities in its bounding set. */
  public static SeccompProfile profile(CapabilitySet capabilities, Abi host) {
    return profile(capabilities, host, DENY);
  }

  /** The same for one that is to run containers itself. */
  public static SeccompProfile ofEngines(CapabilitySet capabilities, Abi host) {
    return profile(capabilities, host, SeccompAction.ALLOW);
  }

  private static SeccompProfile profile(
      CapabilitySet capabilities, Abi host, SeccompAction ofEngines) {
    List<SeccompRule> rules = new ArrayList<>();
    rules.add(SeccompRule.of(ofEngines, SyscallGroups.OF_ENGINES));
    rules.add(SeccompRule.of(SeccompAction.ALLOW, SyscallGroups.ALLOWED));
    addGated(rules, capabilities);
    addClone(rules, capabilities.contains(Capability.SYS_ADMIN));
    addPersonality(rules);
    addSocket(rules);
    SyscallGroups.DENIED.forEach(calls -> rules.add(SeccompRule.of(DENY, calls)));
    return new SeccompProfile(DENY, architectures(host), Set.of(), rules);
  }

  private static List<Abi> architectures(Abi host) {
    return switch (host) {
      case X86_64 -> List.of(Abi.X86_64, Abi.I386);
      case AARCH64 -> List.of(Abi.AARCH64, Abi.ARM);
      case I386, ARM -> List.of(host);
    };
  }

  private static void addGated(List<SeccompRule> rules, CapabilitySet capabilities) {
    for (SyscallGroups.Gate gate : SyscallGroups.GATED) {
      boolean open = gate.any().stream().anyMatch(capabilities::contains);
      rules.add(SeccompRule.of(open ? SeccompAction.ALLOW : DENY, gate.calls()));
    }
  }

  private static void addClone(List<SeccompRule> rules, boolean admin) {
    if (admin) {
      rules.add(SeccompRule.of(SeccompAction.ALLOW, List.of("clone", "clone3")));
      return;
    }
    ArgumentCondition noNamespace = new ArgumentCondition(0, MASKED_EQ, NEW_NAMESPACES, 0);
    rules.add(SeccompRule.of(SeccompAction.ALLOW, "clone", noNamespace));
    rules.add(SeccompRule.of(SeccompAction.errno(Errno.ENOSYS), List.of("clone3")));
  }

  private static void addPersonality(List<SeccompRule> rules) {
    for (long personality : PERSONALITIES) {
      ArgumentCondition same = ArgumentCondition.of(0, EQ, personality);
      rules.add(SeccompRule.of(SeccompAction.ALLOW, "personality", same));
    }
  }

  /**
   * The kernel reads the family as 32 bits. So the upper bits must be clear: otherwise 2^32 + 38
   * would count as larger than AF_VSOCK here, and as AF_ALG there.
   */
  private static void addSocket(List<SeccompRule> rules) {
    ArgumentCondition below = ArgumentCondition.of(0, LT, AF_ALG);
    ArgumentCondition between = ArgumentCondition.of(0, EQ, AF_ALG + 1);
    ArgumentCondition above = ArgumentCondition.of(0, GT, AF_VSOCK);
    ArgumentCondition bounded = ArgumentCondition.of(0, LE, LARGEST_FAMILY);
    rules.add(SeccompRule.of(SeccompAction.ALLOW, "socket", below));
    rules.add(SeccompRule.of(SeccompAction.ALLOW, "socket", between));
    rules.add(SeccompRule.of(SeccompAction.ALLOW, "socket", above, bounded));
  }
}
