package io.kapsel.oci;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Which system calls a container may make; see seccomp(2). */
public record Seccomp(
    String defaultAction,
    Optional<Integer> defaultErrnoRet,
    List<String> architectures,
    Optional<List<String>> flags,
    Optional<String> listenerPath,
    Optional<String> listenerMetadata,
    List<Rule> syscalls) {
  private static final Set<String> ACTIONS =
      Set.of(
          "SCMP_ACT_KILL",
          "SCMP_ACT_KILL_PROCESS",
          "SCMP_ACT_KILL_THREAD",
          "SCMP_ACT_TRAP",
          "SCMP_ACT_ERRNO",
          "SCMP_ACT_TRACE",
          "SCMP_ACT_ALLOW",
          "SCMP_ACT_LOG",
          "SCMP_ACT_NOTIFY");
  private static final Set<String> OPERATORS =
      Set.of(
          "SCMP_CMP_NE",
          "SCMP_CMP_LT",
          "SCMP_CMP_LE",
          "SCMP_CMP_EQ",
          "SCMP_CMP_GE",
          "SCMP_CMP_GT",
          "SCMP_CMP_MASKED_EQ");
  private static final int ARGUMENTS = 6;

  /** Checks each part. */
  public Seccomp {
    architectures = List.copyOf(architectures);
    flags = flags.map(List::copyOf);
    syscalls = List.copyOf(syscalls);
    checkAction("linux.seccomp.defaultAction", defaultAction);
  }

  private static void checkAction(String path, String action) {
    Check.that(ACTIONS.contains(action), path, action, "is not an action");
  }

  /** What happens to calls with these names, when all arguments fit. */
  public record Rule(
      List<String> names, String action, Optional<Integer> errnoRet, List<Arg> args) {
    /** Checks each part. */
    public Rule {
      names = List.copyOf(names);
      args = List.copyOf(args);
      Check.that(!names.isEmpty(), "linux.seccomp.syscalls[].names", names, "is empty");
      checkAction("linux.seccomp.syscalls[].action", action);
    }
  }

  /** A condition on one argument. */
  public record Arg(int index, long value, long valueTwo, String op) {
    /** Checks each part. */
    public Arg {
      Check.that(
          index >= 0 && index < ARGUMENTS,
          "linux.seccomp.syscalls[].args[].index",
          index,
          "is not between 0 and 5");
      Check.that(
          OPERATORS.contains(op), "linux.seccomp.syscalls[].args[].op", op, "is not an operator");
    }
  }
}
