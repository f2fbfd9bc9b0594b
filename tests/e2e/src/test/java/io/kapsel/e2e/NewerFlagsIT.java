package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Flags that Debian's Docker does not know yet, and those that are refused. */
class NewerFlagsIT extends EndToEnd {
  private static final String TRAP = "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done";

  private static String create(String name, String... flags) {
    List<String> words = new ArrayList<>(List.of("create", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/true"));
    return kapsel(words.toArray(String[]::new)).ok().line();
  }

  private static void ready(String name, int starts) {
    Await.until(
        "it listens to signals", () -> kapsel("logs", name).out().lines().count() == starts);
  }

  @ParameterizedTest
  @CsvSource({"stop, exited", "restart, running"})
  void aSignalAsksItToStop(String verb, String after) {
    kapsel("run", "-d", "--name", "asked", TestRoot.reference(), "/bin/sh", "-c", TRAP).ok();
    ready("asked", 1);

    kapsel(verb, "--signal", "USR1", "--timeout", "60", "asked").ok();
    String state = "{{.State.Status}} {{.State.ExitCode}}";
    assertThat(kapsel("inspect", "-f", state, "asked").ok().line()).startsWith(after);
    if (verb.equals("stop")) {
      assertThat(kapsel("inspect", "-f", state, "asked").ok().line()).isEqualTo("exited 9");
    } else {
      ready("asked", 2);
    }
  }

  @Test
  void anImageLooksForHealthFasterInTheBeginning() {
    create(
        "looked",
        "--health-cmd",
        "true",
        "--health-start-interval",
        "1500ms",
        "--annotation",
        "a=b");

    String template = "{{.Config.Healthcheck.StartInterval}} {{.HostConfig.Annotations.a}}";
    assertThat(kapsel("inspect", "-f", template, "looked").ok().line()).isEqualTo("1.5s b");
  }

  @Test
  void quietIsQuiet() {
    assertThat(create("quiet", "--quiet")).matches("[0-9a-f]{64}");
    HostFiles.write(product.home().resolve("file"), "x");
    String file = product.home().resolve("file").toString();
    assertThat(kapsel("cp", "--quiet", file, "quiet:/srv/file").ok().err()).isEmpty();
    assertThat(kapsel("run", "--quiet", "--rm", TestRoot.reference(), "/bin/echo", "x").ok().line())
        .isEqualTo("x");
    kapsel("volume", "create", "named").ok();
    assertThat(kapsel("volume", "prune", "-f").ok().out()).doesNotContain("named");
    assertThat(kapsel("volume", "prune", "-f", "--all").ok().out()).contains("named");
  }

  @Test
  void theNetworkWithTheHighestPriorityLeadsOutside() {
    kapsel("network", "create", "ways").ok();
    try {
      create("way", "--network", "ways");
      kapsel("network", "disconnect", "ways", "way").ok();
      kapsel("network", "connect", "--gw-priority", "7", "ways", "way").ok();

      String template = "{{.NetworkSettings.Networks.ways.GwPriority}}";
      assertThat(kapsel("inspect", "-f", template, "way").ok().line()).isEqualTo("7");
    } finally {
      kapsel("rm", "way");
      kapsel("network", "rm", "ways");
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "network connect --driver-opt a=b x y | have no options",
        "network connect --link a:b x y | --network-alias",
        "network connect --link-local-ip 169.254.1.1 x y | --ip",
        "network create --ipam-opt a=b x | have no options",
        "network create --ipv4=false x | IPv4",
        "images --tree | image du",
      })
  void whatCannotBeIsToldWithTheReason(String words, String reason) {
    Result result = kapsel(words.split(" "));

    assertThat(result.exitCode()).isIn(1, 125);
    assertThat(result.err()).contains(reason);
  }
}
