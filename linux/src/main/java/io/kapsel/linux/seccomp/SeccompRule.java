package io.kapsel.linux.seccomp;

import java.util.List;
import java.util.function.Predicate;

/**
 * What to answer to some system calls. All conditions of a rule must hold; several rules for one
 * call are alternatives.
 *
 * @param calls names as in the manual pages
 */
public record SeccompRule(
    List<String> calls, SeccompAction action, List<ArgumentCondition> conditions) {
  public SeccompRule {
    calls = List.copyOf(calls);
    conditions = List.copyOf(conditions);
  }

  /** A rule that looks at no argument. */
  public static SeccompRule of(SeccompAction action, List<String> calls) {
    return new SeccompRule(calls, action, List.of());
  }

  /** A rule for one call with conditions. */
  public static SeccompRule of(SeccompAction action, String call, ArgumentCondition... conditions) {
    return new SeccompRule(List.of(call), action, List.of(conditions));
  }

  /** What it says of some of its calls. */
  SeccompRule of(Predicate<String> some) {
    return new SeccompRule(calls.stream().filter(some).toList(), action, conditions);
  }
}
