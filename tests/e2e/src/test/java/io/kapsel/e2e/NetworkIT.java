package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Networks of containers on a host that is itself a network namespace of this test, with a
 * neighbour that is another one.
 */
class NetworkIT extends OnTwoHosts {
  private static final String UPLINK = TwoHosts.HOST;

  private static String kapsel(String... words) {
    return hosts.kapsel(words);
  }

  private static String server(String name, String... flags) {
    return hosts.server(name, flags);
  }

  private static String get(String address) {
    return TwoHosts.get(address);
  }

  private static String from(String container, String address) {
    return hosts.from(container, address);
  }

  /** The link of before is removed meanwhile, and has the same name. */
  @Test
  void whatStartsAgainAtOnceHasItsLink() {
    kapsel("run", "-d", "--name", "again", TestRoot.reference(), "/bin/sleep", "1000");
    for (int i = 0; i < 12; i++) {
      kapsel("restart", "-t", "0", "again");
      kapsel("exec", "again", "/bin/grep", "-q", "eth0", "/proc/net/dev");
    }
    kapsel("rm", "-f", "again");
  }

  @Test
  void twoTiersFindEachOtherByNameOverBothProtocolsAndAreReachedFromOutside() {
    kapsel("network", "create", "--ipv6", "app");
    server("db", "--network", "app", "--network-alias", "store");
    server("web", "--network", "app", "-p", "8080:80");

    assertThat(from("web", "db:80")).startsWith("db sees");
    assertThat(from("web", "store:80")).startsWith("db sees");
    String six =
        kapsel("inspect", "-f", "{{.NetworkSettings.Networks.app.GlobalIPv6Address}}", "db");
    assertThat(from("web", "[" + six + "]:80")).startsWith("db sees");
    assertThat(hosts.product.kapsel("exec", "web", "getent", "hosts", "nobody").exitCode())
        .isNotZero();
    assertThat(hosts.onNeighbour(get(UPLINK + ":8080"))).endsWith("ffff:cb00:7102]");
    assertThat(hosts.onNeighbour(get("[2001:db8::1]:8080"))).contains("web sees [2001:0db8");
    assertThat(hosts.onHost(get("127.0.0.1:8080"))).startsWith("web sees");
    assertThat(hosts.onHost(get("[::1]:8080"))).startsWith("web sees");
    assertThat(hosts.onHost("cat /proc/sys/net/ipv4/conf/all/route_localnet")).isEqualTo("0");
  }

  @Test
  void portsOfARunningContainerChangeWithoutAStart() {
    server("web", "-p", "8080:80");
    String pid = kapsel("inspect", "-f", "{{.State.Pid}}", "web");

    kapsel("update", "-p", "8081:80", "--publish-rm", "80", "web");
    assertThat(hosts.onNeighbour(get(UPLINK + ":8080"))).isEmpty();
    assertThat(hosts.onNeighbour(get(UPLINK + ":8081"))).startsWith("web sees");
    hosts.product.killEngine();
    kapsel("update", "--rollback", "web");
    assertThat(hosts.onNeighbour(get(UPLINK + ":8080"))).startsWith("web sees");
    assertThat(kapsel("inspect", "-f", "{{.State.Pid}}", "web")).isEqualTo(pid);
    server("other", "-p", "9090:80");
    assertThat(hosts.product.kapsel("update", "-p", "9090:80", "web").err())
        .contains("port is already allocated; container 'other' has it");
    assertThat(hosts.onNeighbour(get(UPLINK + ":8080"))).startsWith("web sees");
  }

  @Test
  void networksAreKeptApartAndInternalOnesLeadNowhere() {
    kapsel("network", "create", "one");
    kapsel("network", "create", "--internal", "inner");
    server("net-a", "--network", "one");
    server("net-b");
    server("net-c", "--network", "inner");
    String b = kapsel("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "net-b");
    String a = kapsel("inspect", "-f", "{{.NetworkSettings.Networks.one.IPAddress}}", "net-a");
    String c = kapsel("inspect", "-f", "{{.NetworkSettings.Networks.inner.IPAddress}}", "net-c");

    assertThat(from("net-a", b + ":80")).isEmpty();
    assertThat(from("net-b", a + ":80")).isEmpty();
    assertThat(from("net-a", c + ":80")).isEmpty();
    assertThat(from("net-c", a + ":80")).isEmpty();
    assertThat(hosts.onNeighbour(get(a + ":80"))).isEmpty();
    assertThat(hosts.onHost(get(a + ":80"))).startsWith("net-a sees");
  }

  @Test
  void publishedPortsObeyTheHostsOwnRulesAndSurviveTheirFlush() {
    server("web", "-p", "8080:80");
    hosts.onHost(
        "nft add table ip fw; nft 'add chain ip fw in { type filter hook input priority 0;"
            + " policy drop; }'; nft add rule ip fw in ct state established accept;"
            + " nft add rule ip fw in iif lo accept");
    Await.until(
        Duration.ofSeconds(10),
        () -> "the port is closed",
        () -> hosts.onNeighbour(get(UPLINK + ":8080")).isEmpty());
    hosts.onHost("nft add rule ip fw in ip saddr 203.0.113.2 tcp dport 8080 accept");
    assertThat(hosts.onNeighbour(get(UPLINK + ":8080"))).endsWith("ffff:cb00:7102]");
    hosts.onHost("nft flush ruleset");
    Await.until(
        Duration.ofSeconds(10),
        () -> "the port is open again",
        () -> hosts.onNeighbour(get(UPLINK + ":8080")).startsWith("web sees"));
  }

  @Test
  void aForeignPolicyForForwardingDoesNotShutContainersIn() {
    server("web", "-p", "8080:80");
    hosts.onHost(
        "nft add table ip fw;"
            + " nft 'add chain ip fw f { type filter hook forward priority 0; policy drop; }'");

    Await.until(
        Duration.ofSeconds(10),
        () -> "the port is open again",
        () -> hosts.onNeighbour(get(UPLINK + ":8080")).startsWith("web sees"));
  }

  @Test
  void theDeathOfTheEngineHurtsNobodyAndItsHeirKnowsAll() {
    kapsel("network", "create", "app");
    server("web", "--network", "app", "-p", "8080:80");
    server("db", "--network", "app");
    hosts.product.killEngine();

    assertThat(hosts.onNeighbour(get(UPLINK + ":8080"))).startsWith("web sees");
    assertThat(kapsel("ps", "-a", "--format", "{{.Ports}}", "--filter", "name=web"))
        .contains("0.0.0.0:8080->80/tcp");
    assertThat(from("db", "web:80")).startsWith("web sees");
    hosts.onHost("ip link del $(ip -br link | grep -o '^kb[0-9a-f]*' | head -1)");
    Await.until(
        Duration.ofSeconds(10),
        () -> "the network is made again",
        () -> hosts.onNeighbour(get(UPLINK + ":8080")).startsWith("web sees"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--pid", "--ipc"})
  void whoSharesWithAnotherIsInTheDefaultNetwork(String what) {
    kapsel("run", "-d", "--name", "base", "--ipc", "shareable", "host:", "sleep", "100");
    server("other", what, "container:base", "-p", "8080:80");
    assertThat(hosts.onNeighbour(get("203.0.113.1:8080"))).startsWith("other sees");
    kapsel("network", "create", "app");
    server("third", what, "container:base", "--network", "app");
    assertThat(kapsel("exec", "third", "getent", "hosts", "third")).contains("third");
  }

  @Test
  void aLinkThatIsKeptReadyMayGoAway() {
    for (int i = 0; i < 4; i++) { // the engine makes some for those that come next
      kapsel("run", "--rm", "-p", "8080:80", "host:", "true");
    }
    hosts.onHost("for i in /sys/class/net/k[vs]*; do ip link del ${i##*/}; done");
    server("web", "-p", "8080:80");
    Await.until(
        Duration.ofSeconds(20),
        () -> "the next one is reached: " + hosts.onHost("ip -br link"),
        () -> hosts.onNeighbour(get("203.0.113.1:8080")).startsWith("web sees"));
  }

  @Test
  void aPortHasOneWinnerAndTheLoserIsToldWho() {
    server("web", "-p", "8080:80");

    Result loser = hosts.product.kapsel("run", "--rm", "-p", "8080:80", "host:", "true");
    assertThat(loser.exitCode()).isEqualTo(125);
    assertThat(loser.err()).contains("port is already allocated; container 'web' has it");
  }

  @Test
  void nobodySendsWithAnAddressThatIsNotHis() {
    kapsel("network", "create", "--subnet", "10.77.0.0/24", "app");
    server("victim", "--network", "app", "--ip", "10.77.0.9");
    kapsel(
        "run",
        "-d",
        "--name",
        "liar",
        "--cap-add",
        "NET_ADMIN",
        "--network",
        "app",
        "host:",
        "sleep",
        "100");

    assertThat(from("liar", "10.77.0.9:80")).startsWith("victim sees");
    kapsel("exec", "liar", "ip", "addr", "add", "10.77.0.66/24", "dev", "eth0");
    assertThat(from("liar", "10.77.0.9:80,bind=10.77.0.66")).isEmpty();
    kapsel("exec", "liar", "ip", "link", "set", "eth0", "address", "02:42:0a:4d:00:09");
    assertThat(from("liar", "10.77.0.9:80")).isEmpty();
  }
}
