package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Names and numbers that cannot be, and as many as there can be. */
class NetworkBadInputIT extends OnTwoHosts {
  @Test
  void oddBytesInNamesAndOptionsAreRefusedAndLeaveNothing() {
    hosts.kapsel("network", "create", "app");
    for (String odd : List.of("a\nb", "a b", "\u0001", "x".repeat(300), "a\tb", "\u00e4", "")) {
      for (List<String> flags :
          List.of(
              List.of("--hostname", odd + "\n"),
              List.of("--network", "app", "--network-alias", odd),
              List.of("--network", "name=app,alias=" + odd),
              List.of("--add-host", odd + ":1.2.3.4"),
              List.of("--add-host", "x:" + odd),
              List.of("--dns", odd + "x"),
              List.of("--dns-search", odd + "\n"),
              List.of("--dns-option", odd + " "),
              List.of("--link", odd + ":x"),
              List.of("-p", odd + "x80:80"),
              List.of("--egress", odd + "x"))) {
        List<String> words = new java.util.ArrayList<>(List.of("run", "--rm"));
        words.addAll(flags);
        words.addAll(List.of("host:", "true"));
        Result result = hosts.product.kapsel(words.toArray(String[]::new));
        assertThat(result.exitCode()).as(words + "\n" + result).isEqualTo(125);
        assertThat(result.err()).as(words.toString()).isNotEmpty();
      }
      Result network = hosts.product.kapsel("network", "create", odd + "\n");
      assertThat(network.exitCode()).as(network.toString()).isNotZero();
    }
    assertThat(hosts.kapsel("ps", "-aq")).isEmpty();
  }

  @Test
  void aFullNetworkIsToldAndGivesAgainWhatIsFreed() {
    hosts.kapsel("network", "create", "--subnet", "10.78.0.0/29", "small");
    for (int i = 0; i < 5; i++) {
      hosts.kapsel("run", "-d", "--name", "c" + i, "--network", "small", "host:", "sleep", "1000");
    }
    Result full = hosts.product.kapsel("run", "--rm", "--network", "small", "host:", "true");
    assertThat(full.exitCode()).isEqualTo(125);
    assertThat(full.err()).contains("no available addresses in 10.78.0.0/29");
    hosts.kapsel("rm", "-f", "c2");
    hosts.kapsel("run", "--rm", "--network", "small", "host:", "true");
    Result overlap = hosts.product.kapsel("network", "create", "--subnet", "10.78.0.0/16", "big");
    assertThat(overlap.err()).contains("Pool overlaps with other one");
  }

  @Test
  void tenThousandPortsWorkAndOneMoreTakesNoLonger() {
    hosts.kapsel(
        "run",
        "-d",
        "--name",
        "many",
        "-p",
        "20000-29999:20000-29999",
        "host:",
        "socat",
        "TCP-LISTEN:29999,fork,reuseaddr",
        "SYSTEM:echo many");
    Await.until(
        Duration.ofSeconds(20),
        () -> "the last port is reached",
        () -> hosts.onNeighbour(TwoHosts.get("203.0.113.1:29999")).equals("many"));
    Result taken = hosts.product.kapsel("run", "--rm", "-p", "25000:80", "host:", "true");
    assertThat(taken.err()).contains("port is already allocated; container 'many' has it");
    long start = System.nanoTime();
    hosts.server("one", "-p", "8080:80");
    assertThat(System.nanoTime() - start).isLessThan(Duration.ofSeconds(20).toNanos());
    assertThat(hosts.onNeighbour(TwoHosts.get("203.0.113.1:8080"))).startsWith("one sees");
    hosts.onHost("nft flush ruleset");
    Await.until(
        Duration.ofSeconds(20),
        () -> "all ports are there again",
        () -> hosts.onNeighbour(TwoHosts.get("203.0.113.1:29999")).equals("many"));
    hosts.kapsel("rm", "-f", "many");
    hosts.server("next", "-p", "25000:80");
    assertThat(hosts.onNeighbour(TwoHosts.get("203.0.113.1:25000"))).startsWith("next sees");
  }

  @Test
  void allPortsAreOneRange() {
    String whole = "535-65534:535-65534";
    String listen = "TCP-LISTEN:65534,fork,reuseaddr";
    hosts.kapsel(
        "run", "-d", "--name", "all", "-p", whole, "host:", "socat", listen, "SYSTEM:echo all");
    Await.until(
        Duration.ofSeconds(20),
        () -> "the last port is reached",
        () -> hosts.onNeighbour(TwoHosts.get("203.0.113.1:65534")).equals("all"));
    assertThat(hosts.onHost(TwoHosts.get("127.0.0.1:65534"))).isEqualTo("all");
    assertThat(hosts.product.kapsel("ps").out()).contains("0.0.0.0:535-65534->535-65534/tcp");
    assertThat(hosts.kapsel("inspect", "-f", "{{json .NetworkSettings.Ports}}", "all"))
        .startsWith("{\"535-65534/tcp\":");
    assertThat(hosts.product.kapsel("port", "all", "8080").ok().lines())
        .containsExactly("0.0.0.0:8080", "[::]:8080");
    Result taken = hosts.product.kapsel("run", "--rm", "-p", "25000:80", "host:", "true");
    assertThat(taken.err()).contains("port is already allocated; container 'all' has it");
    Result twice = hosts.product.kapsel("run", "--rm", "-p", "1-600:1-600", "host:", "true");
    assertThat(twice.err()).contains("container 'all' has it");
    hosts.server("low", "-p", "80:80");
    assertThat(hosts.onNeighbour(TwoHosts.get("203.0.113.1:80"))).startsWith("low sees");
    hosts.product.killEngine();
    hosts.onHost("nft flush ruleset");
    assertThat(hosts.product.kapsel("ps", "-q").ok().lines()).hasSize(2);
    Await.until(
        Duration.ofSeconds(20),
        () -> "all ports are there again",
        () -> hosts.onNeighbour(TwoHosts.get("203.0.113.1:65534")).equals("all"));
  }

  @Test
  void aRangeThatAProcessOfTheHostListensInIsRefused() throws Exception {
    Process other = hosts.startOnHost("socat", "TCP-LISTEN:4711,fork", "SYSTEM:echo other");
    try {
      Await.until(
          Duration.ofSeconds(20),
          () -> "it listens",
          () -> hosts.onHost(TwoHosts.get("127.0.0.1:4711")).equals("other"));
      Result all =
          hosts.product.kapsel("run", "--rm", "-p", "1024-9999:1024-9999", "host:", "true");
      assertThat(all.err()).contains("cannot publish '0.0.0.0:4711/tcp'").contains("'socat'");
      assertThat(hosts.kapsel("ps", "-aq")).isEmpty();
    } finally {
      other.destroy();
    }
  }

  @Test
  void moreThanTwentyThousandPortsUnderOtherNumbersAreRefused() {
    Result all =
        hosts.product.kapsel("run", "--rm", "-p", "1000-21000:1001-21001", "host:", "true");
    assertThat(all.exitCode()).isEqualTo(125);
    assertThat(all.err()).contains("at most 20000 are published at once");
    assertThat(hosts.kapsel("ps", "-aq")).isEmpty();
  }

  @Test
  void aLinkIsALineOfHostsForWhoRunsAlready() {
    hosts.server("db");
    assertThat(
            hosts.kapsel(
                "run",
                "--rm",
                "--link",
                "db:store",
                "host:",
                "sh",
                "-c",
                "getent hosts store; " + TwoHosts.get("store:80")))
        .contains("store")
        .contains("db sees");
    Result nobody = hosts.product.kapsel("run", "--rm", "--link", "nobody", "host:", "true");
    assertThat(nobody.exitCode()).isEqualTo(125);
    assertThat(nobody.err()).contains("could not get container for nobody");
    hosts.kapsel("network", "create", "other");
    Result apart =
        hosts.product.kapsel("run", "--rm", "--network", "other", "--link", "db", "host:", "true");
    assertThat(apart.err()).contains("it is in no network of");
  }

  @Test
  void aLinkLeadsToTheNewAddressOfWhoIsStartedAgain() {
    hosts.server("db");
    hosts.kapsel("run", "-d", "--name", "web", "--link", "db:store", "host:", "sleep", "1000");
    String before = hosts.kapsel("exec", "web", "getent", "ahostsv4", "store");
    hosts.kapsel("stop", "-t", "0", "db");
    hosts.kapsel("run", "-d", "--name", "between", "host:", "sleep", "1000");
    hosts.kapsel("start", "db");
    String address =
        hosts.kapsel("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "db");
    assertThat(before).doesNotContain(address + " ");
    Await.until(
        Duration.ofSeconds(20),
        () -> "the link leads there",
        () -> hosts.from("web", "store:80").startsWith("db sees"));
    assertThat(hosts.product.kapsel("exec", "web", "cat", "/etc/hosts").out())
        .contains(address + "\tstore");
  }

  @Test
  void theDoctorLooksAtNetworks() {
    hosts.server("web", "-p", "8080:80");
    assertThat(hosts.product.kapsel("doctor").out()).contains("nftables works; table kapsel-");
    hosts.onHost(
        "nft add table ip fw;"
            + " nft 'add chain ip fw in { type filter hook input priority 0; policy drop; }';"
            + " nft 'add chain ip fw f { type filter hook forward priority 0; policy drop; }'");
    assertThat(hosts.product.kapsel("doctor").out())
        .contains("published ports obey its rules for input: ipv4 fw in (drops by default)")
        .contains("ipv4 fw f (drops by default)");
  }
}
