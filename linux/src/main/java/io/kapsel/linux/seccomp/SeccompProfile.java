package io.kapsel.linux.seccomp;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Syscall;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which system calls a container may do, as the OCI specification describes it.
 *
 * @param defaultAction the answer to calls that no rule speaks of
 * @param architectures the interfaces that may be used besides that of the host; all others, and
 *     x32 in any case, kill the process
 */
public record SeccompProfile(
    SeccompAction defaultAction,
    List<Abi> architectures,
    Set<SeccompFlag> flags,
    List<SeccompRule> rules) {
  public SeccompProfile {
    architectures = List.copyOf(architectures);
    flags = Set.copyOf(flags);
    rules = List.copyOf(rules);
  }

  /** The same where a supervisor is asked about these calls, whatever their arguments. */
  public SeccompProfile asking(List<String> calls) {
    List<SeccompRule> all = new ArrayList<>();
    for (SeccompRule rule : rules) {
      List<String> left = rule.calls().stream().filter(each -> !calls.contains(each)).toList();
      if (!left.isEmpty()) {
        all.add(new SeccompRule(left, rule.action(), rule.conditions()));
      }
    }
    all.add(SeccompRule.of(SeccompAction.ASK, calls));
    return new SeccompProfile(defaultAction, architectures, flags, all);
  }

  /** The calls that rules name but that no architecture has: the filter leaves them out. */
  public List<String> unknownCalls() {
    Set<String> unknown = new TreeSet<>();
    for (SeccompRule rule : rules) {
      for (String call : rule.calls()) {
        if (Syscall.of(call).isEmpty()) {
          unknown.add(call);
        }
      }
    }
    return List.copyOf(unknown);
  }

  /** Whether some call is answered by a supervisor, which the filter then needs a listener for. */
  public boolean notifies() {
    return defaultAction.kind() == SeccompAction.Kind.NOTIFY
        || rules.stream().anyMatch(rule -> rule.action().kind() == SeccompAction.Kind.NOTIFY);
  }

  /** The flags for a process of one thread, which has no others to bring along. */
  public int flagsOfOneThread() {
    return SeccompFlag.bits(flags) & ~SeccompFlag.TSYNC.bit();
  }
}
