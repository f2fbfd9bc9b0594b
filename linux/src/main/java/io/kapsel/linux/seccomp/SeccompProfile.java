package io.kapsel.linux.seccomp;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import java.util.ArrayList;
import java.util.HashSet;
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

  /** Holds whatever the arguments are, and yet stands in the order of the others. */
  private static final ArgumentCondition ALWAYS =
      new ArgumentCondition(0, ArgumentCondition.Operator.MASKED_EQ, 0, 0);

  /**
   * The same where a supervisor is asked about these calls when the conditions hold. Nothing but
   * death interrupts them then, so that what the supervisor has done is never done again.
   */
  public SeccompProfile asking(List<String> calls, ArgumentCondition... conditions) {
    Set<SeccompFlag> all = new HashSet<>(flags);
    all.add(SeccompFlag.WAIT_KILLABLE_RECV);
    SeccompProfile first =
        conditions.length == 0
            ? without(calls)
            : new SeccompProfile(defaultAction, architectures, flags, later(calls));
    return first.with(all, new SeccompRule(calls, SeccompAction.ASK, List.of(conditions)));
  }

  /** The same where these calls fail as on a kernel that does not have them. */
  public SeccompProfile lacking(List<String> calls) {
    return without(calls).with(flags, SeccompRule.of(SeccompAction.errno(Errno.ENOSYS), calls));
  }

  private SeccompProfile with(Set<SeccompFlag> flagged, SeccompRule first) {
    List<SeccompRule> all = new ArrayList<>(List.of(first));
    all.addAll(rules);
    return new SeccompProfile(defaultAction, architectures, flagged, all);
  }

  private SeccompProfile without(List<String> calls) {
    List<SeccompRule> left =
        rules.stream()
            .map(rule -> rule.of(each -> !calls.contains(each)))
            .filter(rule -> !rule.calls().isEmpty())
            .toList();
    return new SeccompProfile(defaultAction, architectures, flags, left);
  }

  /** What the rules say of these calls without a condition comes after those with one. */
  private List<SeccompRule> later(List<String> calls) {
    List<SeccompRule> all = new ArrayList<>(without(calls).rules());
    for (SeccompRule rule : rules) {
      SeccompRule one = rule.of(calls::contains);
      if (!one.calls().isEmpty()) {
        List<ArgumentCondition> conditions =
            one.conditions().isEmpty() ? List.of(ALWAYS) : one.conditions();
        all.add(new SeccompRule(one.calls(), one.action(), conditions));
      }
    }
    return all;
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
