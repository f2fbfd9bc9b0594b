package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What happens to containers that are there: by users, by policies, by looks at their health. */
class LaterLifeIT extends EndToEnd {
  private static void start(String name, List<String> flags, String script) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(flags);
    words.addAll(List.of(TestRoot.reference(), "/bin/sh", "-c", script));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static String look(String name, String template) {
    return kapsel("inspect", "--format", template, name).ok().line();
  }

  private static void await(String name, String template, String wanted) {
    Await.until(
        Duration.ofSeconds(20),
        () -> name + " becomes " + wanted + ": " + look(name, template),
        () -> look(name, template).equals(wanted));
  }

  @Test
  void aPausedContainerStandsStillAndStaysSoOverTheEnginesDeath() {
    start("still", List.of(), "i=0; while :; do i=$((i+1)); echo $i > /n; sleep 0.01; done");
    kapsel("pause", "still").ok();
    assertThat(look("still", "{{.State.Status}} {{.State.Paused}}")).isEqualTo("paused true");
    Result refused = kapsel("exec", "still", "/bin/true");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("is paused, unpause the container before exec");
    product.killEngine();

    assertThat(kapsel("ps").ok().out()).contains("(Paused)");
    assertThat(kapsel("rm", "still").err()).contains("paused and must be unpaused first");
    kapsel("unpause", "still").ok();
    String before = kapsel("exec", "still", "/bin/cat", "/n").ok().line();
    Await.until(
        "it goes on", () -> !kapsel("exec", "still", "/bin/cat", "/n").line().equals(before));
    kapsel("pause", "still").ok();
    kapsel("stop", "-t", "5", "still").ok();
    assertThat(look("still", "{{.State.Status}}")).isEqualTo("exited");
  }

  @Test
  void aNameIsGivenToOneAndTheOldOneIsFree() {
    start("one", List.of(), "sleep 100");
    start("two", List.of(), "sleep 100");

    assertThat(kapsel("rename", "one", "two").err()).contains("is already in use by container");
    kapsel("rename", "one", "three").ok();
    product.killEngine();
    assertThat(kapsel("ps", "--format", "{{.Names}}").ok().lines()).contains("three", "two");
    start("one", List.of(), "sleep 100");
  }

  @Test
  void aFailureIsTriedAgainAsOftenAsAllowed() {
    start("fails", List.of("--restart", "on-failure:2"), "echo x >> /count; exit 3");

    await("fails", "{{.RestartCount}} {{.State.Status}}", "2 exited");
    assertThat(kapsel("wait", "fails").ok().line()).isEqualTo("3");
    start("good", List.of("--restart", "on-failure"), "exit 0");
    await("good", "{{.State.Status}} {{.RestartCount}}", "exited 0");
  }

  @Test
  void aRemovalThatMeetsAStartEndsWhatWasStarted() throws InterruptedException {
    for (int i = 0; i < 8; i++) {
      start("races", List.of("--restart", "always"), "exit 1");
      Process restart = product.command("restart", "-t", "0", "races").start();
      kapsel("rm", "-f", "races").ok();

      assertThat(restart.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
      assertThat(product.containersOnDisk()).isEmpty();
    }
  }

  @Test
  void whatAUserStopsStaysStopped() {
    start("up", List.of("--restart", "always"), "sleep 100");
    long pid = Long.parseLong(look("up", "{{.State.Pid}}"));
    Command.of("kill", "-KILL", Long.toString(pid)).run().ok();

    await("up", "{{.RestartCount}} {{.State.Running}}", "1 true");
    kapsel("stop", "-t", "0", "up").ok();
    product.killEngine();
    assertThat(look("up", "{{.State.Status}}")).isEqualTo("exited");
    kapsel("start", "up").ok();
    assertThat(look("up", "{{.RestartCount}} {{.State.Status}}")).isEqualTo("0 running");
  }

  @Test
  void whatEndsWhileNobodyLooksIsStartedByTheNextEngine() {
    start("later", List.of("--restart", "unless-stopped"), "sleep 100");
    long pid = Long.parseLong(look("later", "{{.State.Pid}}"));
    product.killEngine();
    Command.of("kill", "-KILL", Long.toString(pid)).run().ok();

    await("later", "{{.State.Running}} {{.RestartCount}}", "true 1");
    assertThat(look("later", "{{.State.Pid}}")).isNotEqualTo(Long.toString(pid));
  }

  @Test
  void healthIsLookedAtInsideAndOverTheNetwork() {
    start(
        "well",
        List.of(
            "--health-cmd", "test -e /ok", "--health-interval", "100ms", "--health-retries", "2"),
        "sleep 100");
    await("well", "{{.State.Health.Status}}", "unhealthy");
    assertThat(look("well", "{{len .State.Health.Log}}")).isNotEqualTo("0");
    kapsel("exec", "well", "/bin/touch", "/ok").ok();
    await("well", "{{.State.Health.Status}}", "healthy");
    start(
        "web",
        List.of("--health-cmd", "http:8080/x", "--health-interval", "100ms"),
        "mkdir /w; echo hi > /w/x; httpd -p 8080 -h /w; sleep 100");
    await("web", "{{.State.Health.Status}}", "healthy");
    kapsel("exec", "web", "/bin/rm", "/w/x").ok();
    await("web", "{{.State.Health.Status}}", "unhealthy");
    assertThat(look("web", "{{range .State.Health.Log}}{{.Output}};{{end}}")).contains("404");
  }

  @Test
  void anUnhealthyOneIsStartedAnewWhereThatIsWanted() {
    start(
        "sick",
        List.of(
            "--health-cmd",
            "tcp:9",
            "--health-interval",
            "50ms",
            "--health-retries",
            "1",
            "--health-on-unhealthy",
            "restart",
            "--stop-timeout",
            "0"),
        "sleep 100");
    String first = look("sick", "{{.State.StartedAt}}");

    Await.until("it is started anew", () -> !look("sick", "{{.State.StartedAt}}").equals(first));
    kapsel("rm", "-f", "sick").ok();
  }

  @Test
  void limitsChangeWhileItRuns() {
    start("grow", List.of("-m", "64m"), "sleep 100");
    kapsel("update", "-m", "128m", "--pids-limit", "77", "--restart", "always", "grow").ok();

    assertThat(look("grow", "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}"))
        .isEqualTo("134217728 77");
    assertThat(look("grow", "{{.HostConfig.RestartPolicy.Name}}")).isEqualTo("always");
    assertThat(kapsel("stats", "--no-stream", "--format", "{{.MemUsage}}", "grow").ok().line())
        .endsWith("/ 128MiB");
    assertThat(kapsel("update", "-m", "1m", "grow").exitCode()).isNotZero();
    kapsel("rm", "-f", "grow").ok();
  }

  @Test
  void topAndEventsTellOfIt() {
    start("seen", List.of("-l", "tier=x"), "sleep 54321");
    assertThat(kapsel("top", "seen").ok().lines()).hasSize(2).last().asString().contains("54321");
    assertThat(kapsel("top", "seen", "-o", "pid,cmd").ok().out()).contains("sleep 54321");
    kapsel("rm", "-f", "seen").ok();

    assertThat(
            kapsel(
                    "events",
                    "--since",
                    "1m",
                    "--until",
                    "0s",
                    "--filter",
                    "container=seen",
                    "--format",
                    "{{.Action}}")
                .ok()
                .lines())
        .containsSubsequence("create", "start", "kill", "die", "destroy");
  }

  @Test
  void aContainerThatRemovesItselfSurvivesItsRestart() {
    start("rr", List.of("--rm"), "sleep 100");
    kapsel("restart", "-t", "0", "rr").ok();

    assertThat(look("rr", "{{.State.Status}}")).isEqualTo("running");
    kapsel("stop", "-t", "0", "rr").ok();
    Await.until("it has removed itself", () -> kapsel("ps", "-aq").ok().out().isEmpty());
  }
}
