package io.kapsel.oci;

import io.kapsel.base.JsonName;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The {@code process} of a configuration: what runs, and as whom. */
@SuppressWarnings("JavaLangClash") // the word of the specification
public record Process(
    boolean terminal,
    Optional<ConsoleSize> consoleSize,
    User user,
    List<String> args,
    List<String> env,
    String cwd,
    Optional<Capabilities> capabilities,
    List<Rlimit> rlimits,
    boolean noNewPrivileges,
    Optional<String> apparmorProfile,
    Optional<Integer> oomScoreAdj,
    Optional<Scheduler> scheduler,
    Optional<String> selinuxLabel,
    Optional<IoPriority> ioPriority,
    @JsonName("execCPUAffinity") Optional<ExecCpuAffinity> execCpuAffinity) {
  private static final int WORST_OOM_SCORE = 1000;

  /** Checks each part. */
  public Process {
    args = List.copyOf(args);
    env = List.copyOf(env);
    rlimits = List.copyOf(rlimits);
    Check.absolute("process.cwd", cwd);
    Check.noNul("process.args", args);
    Check.noNul("process.env", env);
    oomScoreAdj.ifPresent(score ->
        Check.that(
            Math.abs(score) <= WORST_OOM_SCORE,
            "process.oomScoreAdj",
            score,
            "is not between -1000 and 1000"));
    Set<String> types = new HashSet<>();
    for (Rlimit rlimit : rlimits) {
      Check.that(types.add(rlimit.type()), "process.rlimits", rlimit.type(), "is there twice");
    }
  }

  /** The same with another environment. */
  public Process withEnv(List<String> variables) {
    return new Process(
        terminal,
        consoleSize,
        user,
        args,
        variables,
        cwd,
        capabilities,
        rlimits,
        noNewPrivileges,
        apparmorProfile,
        oomScoreAdj,
        scheduler,
        selinuxLabel,
        ioPriority,
        execCpuAffinity);
  }

  /** The first size of the terminal, in characters. */
  public record ConsoleSize(int height, int width) {}

  /** A limit of a resource; see setrlimit(2). All ones means without a limit. */
  public record Rlimit(String type, long soft, long hard) {
    /** Checks each part. */
    public Rlimit {
      Check.that(
          type.startsWith("RLIMIT_"),
          "process.rlimits[].type",
          type,
          "does not begin with RLIMIT_");
      Check.that(
          Long.compareUnsigned(soft, hard) <= 0,
          "process.rlimits[].soft",
          Long.toUnsignedString(soft),
          "is above the hard limit " + Long.toUnsignedString(hard));
    }
  }

  /** The scheduling policy; see sched_setattr(2). */
  public record Scheduler(
      String policy,
      int nice,
      int priority,
      List<String> flags,
      long runtime,
      long deadline,
      long period) {
    /** Copies the flags. */
    public Scheduler {
      flags = List.copyOf(flags);
    }
  }

  /** The priority in the I/O scheduler; see ioprio_set(2). */
  @JsonName("ioPriority")
  public record IoPriority(@JsonName("class") String scheduling, int priority) {}

  /** On which processors an exec'ed process begins and goes on. */
  public record ExecCpuAffinity(
      Optional<String> initial, @JsonName("final") Optional<String> last) {}
}
