package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What goes through a container's networks is limited where that is asked for, and counted. */
class NetworkRateIT extends OnTwoHosts {
  private static final int BYTES = 4_000_000;

  private static void listens(int port) {
    Await.until(
        Duration.ofSeconds(20),
        () -> "the neighbour listens",
        () -> hosts.onNeighbour("ss -lnt").contains(":" + port + " "));
  }

  /** Seconds until all bytes that a container sends have come to the neighbour. */
  private static double send() throws InterruptedException {
    Process receiver =
        hosts.startOnNeighbour("socat", "-u", "TCP-LISTEN:9000,reuseaddr", "OPEN:/dev/null");
    listens(9000);
    long start = System.nanoTime();
    String words = "head -c " + BYTES + " /dev/zero | socat -u - TCP:203.0.113.2:9000";
    hosts.kapsel("exec", "limited", "sh", "-c", words);
    assertThat(receiver.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return (System.nanoTime() - start) / 1e9;
  }

  /** The same the other way round. */
  private static double receive() {
    Process sender =
        hosts.startOnNeighbour(
            "sh", "-c", "head -c " + BYTES + " /dev/zero | socat -u - TCP-LISTEN:9001,reuseaddr");
    listens(9001);
    long start = System.nanoTime();
    hosts.kapsel("exec", "limited", "socat", "-u", "TCP:203.0.113.2:9001", "OPEN:/dev/null");
    sender.destroy();
    return (System.nanoTime() - start) / 1e9;
  }

  private static long counted(String what) {
    String format = "{{.NetworkSettings.Networks.bridge.Traffic." + what + "}}";
    return Long.parseLong(hosts.kapsel("inspect", "-f", format, "limited"));
  }

  @Test
  void whatComesAndGoesTakesAsLongAsItMust() throws InterruptedException {
    hosts.kapsel(
        "run",
        "-d",
        "--name",
        "limited",
        "--network-rate",
        "in=16mbit,out=4mbit",
        "host:",
        "sleep",
        "1000");

    assertThat(receive()).as("4 MB at 2 MB a second").isBetween(1.7, 20.0);
    assertThat(send()).as("4 MB at 0.5 MB a second, but for the first second").isBetween(6.0, 60.0);
    String io = hosts.kapsel("stats", "--no-stream", "--format", "{{.NetIO}}", "limited");
    assertThat(io).matches("4\\.\\d+MB / \\d+\\.?\\d*MB");
    assertThat(counted("RxBytes")).isBetween((long) BYTES, 2L * BYTES);
    assertThat(counted("TxBytes")).as("with what was sent again").isGreaterThan(BYTES);
    assertThat(counted("RxPackets")).isPositive();
    assertThat(hosts.kapsel("inspect", "-f", "{{.HostConfig.NetworkRate.Out}}", "limited"))
        .isEqualTo("4000000");
    hosts.kapsel("rm", "-f", "limited");
    assertThat(hosts.onHost("nft list ruleset")).doesNotContain("rate_");
  }

  @Test
  void aLimitHoldsAfterAFlushAndForALinkThatIsMadeAgain() throws InterruptedException {
    hosts.kapsel(
        "run", "-d", "--name", "limited", "--network-rate", "4mbit", "host:", "sleep", "1000");
    String links = "for each in $(ip -br link | grep -o '^kv[0-9a-f]*'); do %s; done";
    hosts.onHost("nft flush ruleset; " + links.formatted("ip link del $each"));
    Await.until(
        Duration.ofSeconds(20),
        () -> "the link and the rules are made again",
        () ->
            hosts.onHost("nft list ruleset").contains("rate_")
                && hosts
                    .onHost(links.formatted("tc class show dev $each || true"))
                    .contains("rate 4Mbit"));

    assertThat(send()).isBetween(6.0, 60.0);
  }

  @Test
  void withoutALimitItTakesNoTime() throws InterruptedException {
    hosts.kapsel("run", "-d", "--name", "limited", "host:", "sleep", "1000");

    assertThat(Math.min(send(), send())).isLessThan(6.0);
    for (String wrong : new String[] {"fast", "1kbit", "up=1mbit", "1mbit,", "9999999gbit"}) {
      Result result = hosts.product.kapsel("run", "--rm", "--network-rate", wrong, "host:", "true");
      assertThat(result.exitCode()).as(wrong).isEqualTo(125);
      assertThat(result.err()).contains("network rate");
    }
  }
}
