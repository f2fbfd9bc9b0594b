package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The engine is killed at each message that it sends to the kernel about networks, one after the
 * other; afterwards a new engine finds the network and the container as they were before or as they
 * should be after, and no link, rule or address that is nobody's (row F1).
 */
class NetworkKillSweepIT extends OnTwoHosts {
  private static final int MOST_CALLS = 40;
  private static final String PORT = "7070";

  @ParameterizedTest
  @ValueSource(strings = {"create", "connect", "disconnect", "run", "rm"})
  void killedAtAMessageToTheKernel(String operation) throws Exception {
    int call = 1;
    while (killedAt(operation, call)) {
      call++;
    }
    assertThat(call).as("messages of " + operation).isBetween(2, MOST_CALLS);
  }

  private static boolean killedAt(String operation, int call) throws Exception {
    prepare(operation);
    boolean survived =
        KillSweepIT.survives(
            hosts.product, "sendto", call, words(operation).toArray(String[]::new));
    verify(operation + " at " + call);
    return !survived;
  }

  private static void prepare(String operation) {
    hosts.kapsel("ps");
    if (!operation.equals("create")) {
      hosts.kapsel("network", "create", "--ipv6", "net");
    }
    switch (operation) {
      case "connect" -> hosts.kapsel("run", "-d", "--name", "it", "host:", "sleep", "1000");
      case "disconnect" ->
          hosts.kapsel("run", "-d", "--name", "it", "--network", "net", "host:", "sleep", "1000");
      case "rm" -> hosts.product.kapsel(words("run").toArray(String[]::new)).ok();
      default -> {}
    }
  }

  private static List<String> words(String operation) {
    return switch (operation) {
      case "create" -> List.of("network", "create", "--ipv6", "net");
      case "connect", "disconnect" -> List.of("network", operation, "net", "it");
      case "rm" -> List.of("rm", "-f", "it");
      default ->
          List.of(
              "run",
              "-d",
              "--name",
              "it",
              "--network",
              "net",
              "-p",
              PORT + ":80",
              "host:",
              "sleep",
              "1000");
    };
  }

  private static void verify(String what) {
    if (hosts.kapsel("ps", "-aq", "--filter", "name=it").isEmpty()) {
      assertThat(hosts.onHost("nft list ruleset")).as(what).doesNotContain(PORT);
    } else {
      hosts.kapsel("start", "it");
      assertThat(hosts.product.kapsel("exec", "it", "true").exitCode()).as(what).isZero();
      hosts.kapsel("rm", "-f", "it");
    }
    if (!hosts.kapsel("network", "ls", "-q", "--filter", "name=net").isEmpty()) {
      hosts.kapsel("network", "rm", "net");
    }
    hosts.product.stopEngine(); // takes what it keeps ready with it
    Await.until(
        Duration.ofSeconds(20),
        () -> what + ": nothing is left: " + hosts.onHost("ip -o link; nft list ruleset"),
        () ->
            !hosts.onHost("ip -o link").contains("master kb")
                && !hosts.onHost("nft list ruleset").contains("kapsel-"));
  }
}
