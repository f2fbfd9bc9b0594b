package io.kapsel.cli.command.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.cli.front.FakeEngine;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EndFacts;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.HealthStatus;
import io.kapsel.engine.spec.RestartPolicy;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of a container that is not well. */
class DiagnosisTest {
  private static final Instant NOW = FakeEngine.NOW;

  private static EndFacts end(int signal, int code, EndFacts.Cause cause, long kills) {
    return new EndFacts(
        new ExitStatus(code, signal, kills > 0, NOW.minusSeconds(120)),
        cause,
        kills,
        Optional.of(67_000_000L),
        Optional.of(64L << 20));
  }

  private static ContainerStatus status(
      Phase phase, Optional<EndFacts> last, Optional<String> error, Optional<HealthStatus> health) {
    return new ContainerStatus(
        phase,
        Optional.empty(),
        Optional.empty(),
        NOW,
        Optional.of(NOW.minusSeconds(300)),
        last.map(EndFacts::exit),
        error,
        false,
        false,
        0,
        health,
        last,
        false);
  }

  private static String say(ContainerStatus status) {
    StringBuilder text = new StringBuilder();
    Diagnosis.of("web", status, RestartPolicy.NEVER, NOW)
        .forEach(it -> text.append(it.what()).append(" -> ").append(it.mend()).append('\n'));
    return text.toString();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, OWN, 'ended 2 minutes ago: exit code 0', 'stay in the foreground'",
    "0, 3, OWN, 'exit code 3', 'printed last'",
    "0, 127, OWN, 'exit code 127', 'PATH'",
    "0, 139, OWN, 'exit code 139', 'killed by SIGSEGV (11)'",
    "9, 137, OWN, 'killed by SIGKILL (9)', 'dmesg'",
    "9, 137, ASKED, 'killed by SIGKILL (9)', '--init'",
    "15, 143, ASKED, 'killed by SIGTERM (15)', 'a user stopped it'",
    "31, 159, OWN, 'killed by SIGSYS (31)', 'seccomp='",
    "9, 137, REBOOT, 'killed by SIGKILL (9)', 'started anew'",
    "9, 137, UNSEEN, 'killed by SIGKILL (9)', 'monitor'",
  })
  void anEndIsNamedWithWhatHelps(
      int signal, int code, EndFacts.Cause cause, String what, String mend) {
    Optional<EndFacts> last = Optional.of(end(signal, code, cause, 0));

    assertThat(say(status(Phase.EXITED, last, Optional.empty(), Optional.empty())))
        .contains(what, mend)
        .doesNotContain("memory that");
  }

  @Test
  void wantOfMemoryComesWithTheFigures() {
    Optional<EndFacts> last = Optional.of(end(9, 137, EndFacts.Cause.OWN, 2));

    assertThat(say(status(Phase.RUNNING, last, Optional.empty(), Optional.empty())))
        .contains(
            "before that, it ended 2 minutes ago: killed by SIGKILL (9)",
            "the kernel killed 2 processes in it for want of memory",
            "63.9MiB, and was allowed 64MiB",
            "--memory")
        .doesNotContain("dmesg");
  }

  @Test
  void aFailedStartIsToldWithItsStep() {
    String error = "cannot start 'web': exec '/bin/nope': no such file or directory (ENOENT)";

    assertThat(say(status(Phase.CREATED, Optional.empty(), Optional.of(error), Optional.empty())))
        .contains("its last start failed: " + error, "there is no such program")
        .doesNotContain("never started");
  }

  @Test
  void looksThatFailedAreShown() {
    HealthStatus.Look look =
        new HealthStatus.Look(NOW.minusSeconds(2), NOW.minusSeconds(1), 1, "refused\n");
    Optional<HealthStatus> health =
        Optional.of(new HealthStatus(HealthStatus.State.UNHEALTHY, 3, List.of(look)));

    assertThat(say(status(Phase.RUNNING, Optional.empty(), Optional.empty(), health)))
        .contains("unhealthy: the last 3 looks failed", "1 second ago, code 1 after 1s: refused");
  }
}
