package io.kapsel.cli.front;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.cli.command.container.TopCommand;
import io.kapsel.cli.front.FakeEngine.FakeContainer;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.Event;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.HealthStatus;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.Healthcheck;
import io.kapsel.engine.spec.RestartPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands of a container's later life, from their words to what the engine is asked. */
class ContainerCommandsTest {
  @TempDir Path directory;
  private final FrontFixture kapsel = new FrontFixture(() -> directory);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "restart aa                | stop aa, start aa",
        "restart -t 3 -s INT aa    | stop aa 2 PT3S, start aa",
        "restart --time 3 aa       | stop aa PT3S, start aa",
        "pause aa                  | pause aa",
        "unpause aa                | unpause aa",
        "rename aa bb              | rename aa bb",
        "update --restart always aa | update aa always",
        "container pause aa        | pause aa",
        "container stop aa         | stop aa",
      })
  void aCommandAsksTheEngine(String line, String deeds) {
    kapsel.container("aa");

    assertThat(kapsel.serve(line)).isZero();
    assertThat(String.join(", ", kapsel.engine.deeds)).isEqualTo(deeds);
  }

  @Test
  void updateReadsLimitsAsRunDoes() {
    FakeContainer container = kapsel.container("aa");

    assertThat(kapsel.serve("update -m 64m --cpus 0.5 --pids-limit -1 aa")).isZero();
    assertThat(kapsel.out()).isEqualTo("aa\n");
    assertThat(container.updated.memory()).contains(64L << 20);
    assertThat(container.updated.nanoCpus()).contains(500_000_000L);
    assertThat(container.updated.pids()).contains(-1L);
    assertThat(kapsel.serve("update aa")).isEqualTo(1);
    assertThat(kapsel.err())
        .isEqualTo("kapsel: you must provide one or more flags when using this command\n");
  }

  @Test
  void aGroupHasTheExitCodesOfItsCommands() {
    assertThat(kapsel.serve("container run")).isEqualTo(1);
    assertThat(kapsel.serve("container frob")).isEqualTo(1);
    assertThat(kapsel.err()).startsWith("kapsel: unknown command: kapsel container frob");
    assertThat(kapsel.serve("container ls --frob")).isEqualTo(125);
    assertThat(kapsel.err()).contains("See 'kapsel container ls --help'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{{.Names}} {{.State}} {{.Status}}         | aa running Up 3 minutes (healthy)",
        "{{.Label \"tier\"}}-{{.Label \"none\"}} | front-",
        "{{json .Labels}}                          | \"tier=front\"",
        "{{.Size}}                                 | 1.23MB (virtual 5MB)",
        "{{upper .Image}} {{.CreatedAt}}           | HOST: 2026-01-31 11:55:00 +0000 UTC",
      })
  void psObeysTemplates(String template, String expected) {
    kapsel.serve("create --name aa -l tier=front host:");
    FakeContainer container = kapsel.engine.containers.getFirst();
    container.start();
    container.health = Optional.of(new HealthStatus(HealthStatus.State.HEALTHY, 0, List.of()));

    kapsel.serve(List.of("ps", "--format", template));
    assertThat(kapsel.out()).isEqualTo(expected + "\n");
  }

  @Test
  void aTableOfOnesOwnHasDockersHeadings() {
    kapsel.container("aa").start();

    kapsel.serve(
        List.of("ps", "--format", "table {{.Names}}\\t{{.RunningFor}}\\t{{.Label \"x\"}}"));
    assertThat(kapsel.out()).isEqualTo("NAMES     CREATED         x\naa        5 minutes ago\n");
    kapsel.serve(List.of("ps", "--filter", "name=none", "--format", "table {{.Names}}"));
    assertThat(kapsel.out()).isEqualTo("NAMES\n");
  }

  @Test
  void psTellsPausedAndRestartingOnes() {
    FakeContainer paused = kapsel.container("aa");
    paused.start();
    paused.paused = true;
    FakeContainer restarting = kapsel.container("bb");
    restarting.phase = Phase.EXITED;
    restarting.restarting = true;
    restarting.exit = Optional.of(new ExitStatus(1, 0, false, FakeEngine.NOW.minusSeconds(5)));

    kapsel.serve(List.of("ps", "--format", "{{.Names}} {{.State}} {{.Status}}"));
    assertThat(kapsel.out())
        .isEqualTo("bb restarting Restarting (1) 5 seconds ago\naa paused Up 3 minutes (Paused)\n");
  }

  @ParameterizedTest
  @CsvSource({
    "name=^/?web$,web",
    "name=^we,web web2",
    "name=^web$,web",
    "name=w.b2,web2",
    "name=web|db,db web web2",
    "name=(a+)+$,",
    "id=^00,",
    "since=web,db web2",
    "before=web2,web",
    "network=bridge,db web web2",
    "network=host,",
    "health=none,db web web2",
    "volume=/data,web",
    "status=created --filter status=running,db web web2",
    "label=a --filter label=b,web2",
    "is-task=true,",
  })
  void psFiltersAsDockerDoes(String filter, String names) {
    kapsel.serve("create --name web -v /srv:/data -l a host:");
    kapsel.serve("create --name web2 -l a -l b host:");
    kapsel.serve("create --name db host:");
    kapsel.engine.containers.forEach(
        it -> it.age = 30 * (1 + kapsel.engine.containers.indexOf(it)));

    kapsel.serve("ps -a --format {{.Names}} --filter " + filter);
    assertThat(kapsel.out().lines().sorted())
        .containsExactlyElementsOf(names == null ? List.of() : List.of(names.split(" ")));
  }

  @Test
  void eventsAreLinesOrJson() {
    Event event =
        new Event(
            Instant.parse("2026-01-31T12:00:00.000000005Z"),
            "container",
            "die",
            "abc",
            Map.of("name", "aa", "exitCode", "3", "image", "host:"));
    kapsel.engine.events.add(event);

    kapsel.serve("events");
    assertThat(kapsel.out())
        .isEqualTo(
            "2026-01-31T12:00:00.000000005Z container die abc (exitCode=3, image=host:,"
                + " name=aa)\n");
    kapsel.serve("events --format json");
    assertThat(kapsel.out())
        .isEqualTo(
            "{\"status\":\"die\",\"id\":\"abc\",\"from\":\"host:\",\"Type\":\"container\","
                + "\"Action\":\"die\",\"Actor\":{\"ID\":\"abc\",\"Attributes\":{\"exitCode\":\"3\","
                + "\"image\":\"host:\",\"name\":\"aa\"}},\"scope\":\"local\",\"time\":1769860800,"
                + "\"timeNano\":1769860800000000005}\n");
    kapsel.serve("events --filter event=die --filter container=aa --format {{.Actor.ID}}");
    assertThat(kapsel.out()).isEqualTo("abc\n");
    kapsel.serve("events --filter event=start");
    assertThat(kapsel.out()).isEmpty();
  }

  @Test
  void pruneRemovesWhatDoesNotRun() {
    kapsel.container("aa");
    kapsel.container("bb").start();
    kapsel.serve("create --name cc -l keep host:");
    kapsel.engine.deeds.clear();

    assertThat(kapsel.serve("container prune -f --filter label!=keep")).isZero();
    assertThat(kapsel.engine.deeds).containsExactly("remove aa");
    assertThat(kapsel.out())
        .startsWith("Deleted Containers:\n")
        .endsWith("\n\nTotal reclaimed space: 1.23MB\n");
  }

  @Test
  void statsShowsASampleOnce() {
    kapsel.container("aa").start();

    kapsel.serve("stats --no-stream");
    assertThat(kapsel.out().lines().skip(1))
        .singleElement()
        .asString()
        .contains("aa", "0.00%", "5MiB / 64MiB", "7.81%", "0B / 0B", "1kB / 0B", "3");
  }

  @Test
  void topPicksTheLinesOfItsProcesses() {
    List<String> lines =
        TopCommand.chosen(
            List.of("UID   PID CMD", "root  12 sh -c  x", "root  13 other", "root  14 y\u001b"),
            Set.of(12, 14));

    assertThat(lines).containsExactly("UID\tPID\tCMD", "root\t12\tsh -c  x", "root\t14\ty\\x1b");
  }

  @Test
  void restartPolicyAndHealthAreRead() {
    kapsel.serve(
        "create --restart on-failure:3 --health-cmd http:80/ready --health-interval 2s"
            + " --health-retries 5 --health-on-unhealthy restart host:");

    ContainerSpec spec = kapsel.engine.specs.getFirst();
    assertThat(spec.restartPolicy()).isEqualTo(new RestartPolicy(RestartPolicy.Kind.ON_FAILURE, 3));
    Healthcheck health = spec.health().orElseThrow();
    assertThat(health.probe()).contains(new Healthcheck.Probe.Http(80, "/ready"));
    assertThat(health.interval()).contains(Duration.ofSeconds(2));
    assertThat(health.retries()).contains(5);
    assertThat(health.restart()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "run --rm --restart always host: | conflicting options: cannot specify both --restart and"
            + " --rm",
        "run --restart sometimes host:   | invalid restart policy: unknown policy 'sometimes'",
        "run --restart on-failure:x host: | maximum retry count must be an integer",
        "run --restart always:3 host:     | can only be used with 'on-failure'",
        "run --no-healthcheck --health-cmd x host: | --no-healthcheck conflicts with --health-*",
        "run --health-cmd tcp:99999 host: | '99999' is not a port of a health check",
        "run --health-retries -1 host:    | positive number of retries",
      })
  void nonsenseIsRefusedBeforeAnythingIsMade(String line, String message) {
    assertThat(kapsel.serve(line)).isEqualTo(125);
    assertThat(kapsel.err()).contains(message);
    assertThat(kapsel.engine.deeds).isEmpty();
  }

  @Test
  void versionAndInfoObeyTemplates() {
    kapsel.serve("version --format {{.Server.Os}}");
    assertThat(kapsel.out()).isEqualTo("linux\n");
  }
}
