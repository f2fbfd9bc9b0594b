package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A container reaches what its policy and that of its network allow, and nothing else. */
class EgressIT extends OnTwoHosts {
  private static final List<Process> servers = new ArrayList<>();

  @BeforeAll
  static void startServers() {
    hosts.onNeighbour("for i in 3 4 5; do ip addr add 203.0.113.$i/24 dev eth0; done");
    servers.add(
        hosts.startOnNeighbour("socat", "TCP6-LISTEN:80,fork,ipv6only=0", "SYSTEM:echo hi"));
    servers.add(
        hosts.startOnNeighbour("socat", "TCP6-LISTEN:443,fork,ipv6only=0", "SYSTEM:echo hi"));
    servers.add(
        hosts.startOnNeighbour(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "io.kapsel.e2e.NameServer",
            TwoHosts.NEIGHBOUR,
            "good.example=203.0.113.3",
            "www.good.example=203.0.113.4",
            "bad.example=203.0.113.5",
            "here.good.example=127.0.0.1"));
    Await.until(
        Duration.ofSeconds(30),
        () -> "the servers listen: " + hosts.onNeighbour("ss -lntu"),
        () ->
            hosts.onNeighbour("ss -lntu").matches("(?s).*:53.*:80 .*:443 .*|.*:53.*:443 .*:80 .*"));
  }

  @AfterAll
  static void endServers() {
    servers.forEach(Process::destroy);
  }

  private static void sleeper(String name, String... flags) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(List.of("--dns", TwoHosts.NEIGHBOUR, "host:", "sleep", "1000"));
    hosts.kapsel(words.toArray(String[]::new));
  }

  private static String from(String address) {
    return hosts.from("inside", address);
  }

  @Test
  void withoutAPolicyEverythingIsReached() {
    sleeper("inside");

    assertThat(from("203.0.113.5:80")).isEqualTo("hi");
    assertThat(from("203.0.113.3:443")).isEqualTo("hi");
  }

  @Test
  void onlyWhatIsAllowedByNameAndAddressIsReachedAndTheRestIsTold() {
    sleeper("inside", "--egress", "allow=good.example:80,203.0.113.5:443");

    assertThat(from("good.example:80")).isEqualTo("hi");
    assertThat(from("good.example:443")).isEmpty();
    assertThat(from("203.0.113.5:443")).isEqualTo("hi");
    assertThat(from("203.0.113.5:80")).isEmpty();
    assertThat(from("203.0.113.1:22")).isEmpty();
    assertThat(from("www.good.example:80")).isEmpty();
    Await.until(
        Duration.ofSeconds(20),
        () -> "what was refused is told: " + hosts.kapsel("network", "log"),
        () ->
            hosts
                .kapsel("network", "log", "--container", "inside")
                .matches(
                    "(?s).*inside refused tcp 203.0.113.3:443 \\(good.example\\)\n"
                        + ".*inside refused tcp 203.0.113.5:80\n"
                        + ".*inside refused tcp 203.0.113.1:22\n"
                        + ".*inside refused dns www.good.example"));
    assertThat(hosts.kapsel("events", "--since", "1h", "--until", "0s"))
        .contains("network refuse")
        .contains("to=203.0.113.5:80");
  }

  @Test
  void anAddressIsReachedOnlyOnceItWasFoundByAnAllowedName() {
    sleeper("inside", "--egress", "allow=*.good.example");

    assertThat(from("203.0.113.4:80")).isEmpty();
    assertThat(from("www.good.example:80")).isEqualTo("hi");
    assertThat(from("203.0.113.4:443")).isEqualTo("hi");
    assertThat(from("good.example:80")).isEmpty();
    hosts.onHost("nft flush ruleset");
    Await.until(
        Duration.ofSeconds(20),
        () -> "what was found is still known",
        () -> hosts.onHost("nft list ruleset").contains("203.0.113.4 timeout"));
    assertThat(from("203.0.113.4:80")).isEqualTo("hi");
    assertThat(from("203.0.113.5:80")).isEmpty();
    assertThat(hosts.onHost("nft list ruleset")).doesNotContain("127.0.0.1 timeout");
    assertThat(from("here.good.example:80")).isEmpty();
    assertThat(hosts.onHost("nft list ruleset")).doesNotContain("127.0.0.1 timeout");
  }

  @Test
  void aNetworksPolicyHoldsForEverybodyInItAndNotBetweenThem() {
    hosts.kapsel("network", "create", "--egress", "deny=203.0.113.4/31,*.example", "tight");
    sleeper("inside", "--network", "tight", "--egress", "allow=203.0.113.0/24");
    hosts.server("peer", "--network", "tight");

    assertThat(from("203.0.113.3:80")).isEqualTo("hi");
    assertThat(from("203.0.113.5:80")).isEmpty();
    assertThat(from("203.0.113.4:443")).isEmpty();
    assertThat(from("bad.example:80")).isEmpty();
    assertThat(from("peer:80")).startsWith("peer sees");
    assertThat(hosts.from("peer", "203.0.113.5:80")).isEmpty();
    assertThat(hosts.from("peer", "203.0.113.2:80")).isEqualTo("hi");
    Await.until(
        Duration.ofSeconds(20),
        () -> "what was refused is told: " + hosts.kapsel("network", "log", "tight"),
        () ->
            hosts
                .kapsel("network", "log", "tight")
                .contains("refused tcp 203.0.113.5:80 by network"));
  }

  @Test
  void policiesHoldAfterTheDeathOfTheEngineAndInItsHeir() {
    sleeper("inside", "--egress", "allow=good.example");
    hosts.product.killEngine();

    assertThat(hosts.kapsel("ps", "--format", "{{.Names}}")).isEqualTo("inside");
    assertThat(from("203.0.113.3:80")).isEmpty();
    assertThat(from("good.example:80")).isEqualTo("hi");
    assertThat(from("203.0.113.5:80")).isEmpty();
    hosts.kapsel("rm", "-f", "inside");
    Await.until(
        Duration.ofSeconds(20),
        () -> "its rules go with it: " + hosts.onHost("nft list ruleset"),
        () -> !hosts.onHost("nft list ruleset").contains("refuse_"));
  }

  @Test
  void nobodyGetsRoundAPolicyByANetworkThatPassesThisHostBy() {
    hosts.kapsel("network", "create", "-d", "macvlan", "-o", "parent=up0", "past");
    sleeper("inside", "--egress", "allow=good.example");

    Result connected = hosts.product.kapsel("network", "connect", "past", "inside");
    assertThat(connected.exitCode()).isEqualTo(1);
    assertThat(connected.err()).contains("what leaves a macvlan passes this host by");
    assertThat(from("203.0.113.5:80")).isEmpty();
    Result begun =
        hosts.product.kapsel(
            "run", "--rm", "--network", "past", "--egress", "deny", "host:", "true");
    assertThat(begun.err()).contains("what leaves a macvlan passes this host by");
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    for (String wrong :
        List.of("maybe", "allow=", "allow=a b c!", "deny=1.2.3.4.5", "allow=x.y:99999")) {
      Result result = hosts.product.kapsel("run", "--rm", "--egress", wrong, "host:", "true");
      assertThat(result.exitCode()).as(wrong).isEqualTo(125);
      assertThat(result.err()).contains("in --egress");
    }
    Result mode =
        hosts.product.kapsel(
            "run", "--rm", "--network", "host", "--egress", "deny", "host:", "true");
    assertThat(mode.err())
        .contains("--egress and --network-rate are for containers with a network of their own");
  }
}
