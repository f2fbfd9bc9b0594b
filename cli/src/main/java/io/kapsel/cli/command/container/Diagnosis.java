package io.kapsel.cli.command.container;

import io.kapsel.base.ByteSize;
import io.kapsel.base.GoDuration;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.print.HumanTime;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EndFacts;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.HealthStatus;
import io.kapsel.engine.spec.RestartPolicy;
import io.kapsel.linux.process.Signal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Why a container is as it is: what has happened, and what likely mends it. */
final class Diagnosis {
  /** One thing that is known; the mend is empty where there is nothing to mend. */
  record Finding(String what, String mend) {}

  private static final int SIGNALLED = 128;
  private static final int NOT_EXECUTABLE = 126;
  private static final int NOT_FOUND = 127;
  private static final int ILL = 4;
  private static final int ABRT = 6;
  private static final int KILL = 9;
  private static final int SEGV = 11;
  private static final int TERM = 15;
  private static final int SYS = 31;

  private final String name;
  private final ContainerStatus status;
  private final RestartPolicy policy;
  private final Instant now;
  private final List<Finding> found = new ArrayList<>();

  private Diagnosis(String name, ContainerStatus status, RestartPolicy policy, Instant now) {
    this.name = name;
    this.status = status;
    this.policy = policy;
    this.now = now;
  }

  static List<Finding> of(String name, ContainerStatus status, RestartPolicy policy, Instant now) {
    Diagnosis diagnosis = new Diagnosis(name, status, policy, now);
    diagnosis.look();
    return diagnosis.found;
  }

  private void add(String what, String mend) {
    found.add(new Finding(what, mend));
  }

  private void look() {
    switch (status.phase()) {
      case CREATED -> created();
      case RUNNING -> running();
      case EXITED, REMOVING -> {}
    }
    status.last().ifPresent(this::end);
    status.error().ifPresent(text -> add("its last start failed: " + text, StartMends.of(text)));
    restarts();
    status.health().ifPresent(this::health);
  }

  private void created() {
    if (status.error().isEmpty()) {
      add("it was never started", "kapsel start " + name);
    }
  }

  private void running() {
    String since = status.startedAt().map(it -> HumanTime.ago(it, now)).orElse("");
    add("it runs" + (since.isEmpty() ? "" : ", since " + since), "");
    if (status.paused()) {
      add("all its processes are paused", "kapsel unpause " + name);
    }
  }

  private void end(EndFacts end) {
    String before = status.phase() == Phase.RUNNING ? "before that, " : "";
    String when = HumanTime.ago(end.exit().finishedAt(), now);
    add(before + "it ended " + when + ": " + how(end.exit()), mend(end));
    if (end.oomKills() > 0 || end.exit().oomKilled()) {
      add(memory(end), "give it more, kapsel update --memory, or let its program use less");
    }
  }

  private static String how(ExitStatus exit) {
    if (exit.signal() != 0) {
      return "killed by " + signal(exit.signal());
    }
    return "exit code " + exit.code();
  }

  private static String signal(int number) {
    return new Signal(number).label() + " (" + number + ")";
  }

  private static String memory(EndFacts end) {
    StringBuilder text = new StringBuilder("the kernel killed ");
    text.append(end.oomKills() == 1 ? "a process" : end.oomKills() + " processes");
    text.append(" in it for want of memory");
    end.memoryPeak().ifPresent(it -> text.append("; it used ").append(ByteSize.printBinary(it)));
    end.memoryLimit()
        .ifPresent(it -> text.append(", and was allowed ").append(ByteSize.printBinary(it)));
    return text.toString();
  }

  private String mend(EndFacts end) {
    return switch (end.cause()) {
      case ASKED -> asked(end.exit());
      case SHUTDOWN -> "everything was stopped, before the machine went down" + comesBack();
      case REBOOT -> "the machine was started anew" + comesBack();
      case UNSEEN -> "its monitor was killed, so nobody saw the end: do not kill kapsel-launcher";
      case OWN -> end.oomKills() > 0 ? "" : own(end.exit());
    };
  }

  private String comesBack() {
    return "; with --restart it comes back by itself: kapsel update --restart unless-stopped "
        + name;
  }

  private String asked(ExitStatus exit) {
    return exit.signal() == KILL
        ? "a user stopped or killed it; if it was 'stop', it did not end at its stop signal in"
            + " time: as process 1 it has to handle it, or run with --init"
        : "a user stopped it";
  }

  private String own(ExitStatus exit) {
    if (exit.signal() != 0) {
      return killed(exit.signal());
    }
    if (exit.code() > SIGNALLED && exit.code() <= SIGNALLED + SYS) {
      return "what its program started was killed by " + signal(exit.code() - SIGNALLED);
    }
    return switch (exit.code()) {
      case 0 -> "its program was done; a service has to stay in the foreground";
      case NOT_EXECUTABLE -> "a shell in it could not execute a file: look at its modes";
      case NOT_FOUND -> "a shell in it did not find a command: look at PATH and at what is there";
      default -> "its program decided so: what it printed last may say why";
    };
  }

  private static String killed(int signal) {
    return switch (signal) {
      case ILL -> "an instruction that this processor does not know: the image may be for another";
      case ABRT -> "its program gave up: what it printed last may say why";
      case KILL ->
          "somebody on the host killed it, or the host ran out of memory: 'dmesg | grep -i oom'";
      case SEGV -> "a fault of its program, or a library that does not fit";
      case TERM -> "somebody on the host or in it asked it to end";
      case SYS -> "a system call that its filter forbids: --security-opt seccomp=";
      default -> "";
    };
  }

  private void restarts() {
    if (status.restarting()) {
      add(
          "its policy '%s' starts it again soon; so far %d times"
              .formatted(policy, status.restartCount()),
          "");
    } else if (status.restartCount() > 0) {
      add("its policy '%s' started it %d times".formatted(policy, status.restartCount()), "");
    }
    if (status.phase() == Phase.EXITED && policy.restarts() && status.stopped()) {
      add(
          "its policy '%s' does not start it, because a user stopped it".formatted(policy),
          "kapsel start " + name);
    }
  }

  private void health(HealthStatus health) {
    if (health.state() == HealthStatus.State.HEALTHY) {
      return;
    }
    if (health.state() == HealthStatus.State.STARTING) {
      add("its health is not known yet", "");
      return;
    }
    add(
        "it is unhealthy: the last %d looks failed".formatted(health.failures()),
        "make what the look asks for work, or change the look: --health-cmd, --health-timeout");
    for (HealthStatus.Look look : health.looks()) {
      Duration took = Duration.between(look.start(), look.end());
      add(
          "%s %s after %s: %s"
              .formatted(
                  HumanTime.ago(look.end(), now) + ",",
                  look.exitCode() < 0 ? "no answer" : "code " + look.exitCode(),
                  GoDuration.print(Duration.ofMillis(took.toMillis())),
                  Text.escape(look.output().strip())),
          "");
    }
  }
}
