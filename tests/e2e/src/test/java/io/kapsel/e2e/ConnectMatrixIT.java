package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Who reaches whom: the same before and after a flush of all rules, and the death of the engine;
 * and 'network trace' says what is so.
 */
class ConnectMatrixIT {
  private static final String GOLDEN =
      """
      a1        a1 a2 - - - any - out
      a2        a1 a2 - - - any - out
      b1        - - b1 - - any - out
      bridge    - - - br - any - out
      inner     - - - - in - - -
      host      a1 a2 b1 br in any loop out
      neighbour - - - - - any - out
      """;

  private static final String GOLDEN6 =
      """
      a1        a1 a2 - - any - out
      a2        a1 a2 - - any - out
      b1        - - b1 - any - out
      bridge    - - - - - - -
      inner     - - - in - - -
      host      a1 a2 b1 in any loop out
      neighbour - - - - any - out
      """;

  private static TwoHosts hosts;
  private static final Map<String, String> targets = new LinkedHashMap<>();
  private static final Map<String, String> targets6 = new LinkedHashMap<>();
  private static final List<Process> servers = new ArrayList<>();

  @BeforeAll
  static void makeHosts() {
    hosts = new TwoHosts();
    hosts.kapsel("network", "create", "--ipv6", "neta");
    hosts.kapsel("network", "create", "--ipv6", "netb");
    hosts.kapsel("network", "create", "--ipv6", "--internal", "netinner");
    hosts.server(
        "a1",
        "--network",
        "neta",
        "-p",
        "8080:80",
        "-p",
        "127.0.0.1:8081:80",
        "-p",
        "[::1]:8082:80");
    hosts.server("a2", "--network", "neta");
    hosts.server("b1", "--network", "netb");
    hosts.server("bridge");
    hosts.server("inner", "--network", "netinner");
    servers.add(
        hosts.startOnNeighbour(
            "socat", "TCP6-LISTEN:80,fork,reuseaddr,ipv6only=0", "SYSTEM:echo hi"));
    Await.until(
        Duration.ofSeconds(20),
        () -> "the neighbour listens",
        () -> hosts.onNeighbour("ss -lnt").contains(":80 "));
    targets.put("a1", address("a1", "neta") + ":80");
    targets.put("a2", address("a2", "neta") + ":80");
    targets.put("b1", address("b1", "netb") + ":80");
    targets.put("br", address("bridge", "bridge") + ":80");
    targets.put("in", address("inner", "netinner") + ":80");
    targets.put("any", TwoHosts.HOST + ":8080");
    targets.put("loop", "127.0.0.1:8081");
    targets.put("out", TwoHosts.NEIGHBOUR + ":80");
    targets6.put("a1", address6("a1", "neta"));
    targets6.put("a2", address6("a2", "neta"));
    targets6.put("b1", address6("b1", "netb"));
    targets6.put("in", address6("inner", "netinner"));
    targets6.put("any", "[2001:db8::1]:8080");
    targets6.put("loop", "[::1]:8082");
    targets6.put("out", "[2001:db8::2]:80");
  }

  @AfterAll
  static void leavesNothing() {
    servers.forEach(Process::destroy);
    hosts.clear();
    hosts.close();
  }

  private static String address(String name, String network) {
    return address(name, network, "IPAddress");
  }

  private static String address6(String name, String network) {
    return "[" + address(name, network, "GlobalIPv6Address") + "]:80";
  }

  private static String address(String name, String network, String field) {
    return hosts.kapsel(
        "inspect", "-f", "{{.NetworkSettings.Networks." + network + "." + field + "}}", name);
  }

  /** The words of a shell that try all targets at once, and print those that answer. */
  private static String tries(Map<String, String> all) {
    StringBuilder script = new StringBuilder();
    all.forEach((name, address) ->
        script.append(
            "(socat -u TCP:%s,connect-timeout=2 - 2>/dev/null | grep -q . && echo %s) & "
                .formatted(address, name)));
    return script + "wait";
  }

  private static String row(String from, Map<String, String> all) {
    String found =
        switch (from) {
          case "host" -> hosts.onHost(tries(all));
          case "neighbour" -> hosts.onNeighbour(tries(all));
          default -> hosts.product.kapsel("exec", from, "sh", "-c", tries(all)).out();
        };
    List<String> reached = found.lines().toList();
    StringBuilder row = new StringBuilder("%-9s".formatted(from));
    for (String each : all.keySet()) {
      row.append(' ').append(reached.contains(each) ? each : "-");
    }
    return row.toString();
  }

  private static String matrix(Map<String, String> to) throws Exception {
    Map<String, String> rows = new ConcurrentHashMap<>();
    List<String> from = List.of("a1", "a2", "b1", "bridge", "inner", "host", "neighbour");
    AtOnce.run(from, each -> rows.put(each, row(each, to)));
    StringBuilder all = new StringBuilder();
    from.forEach(each -> all.append(new TreeMap<>(rows).get(each)).append('\n'));
    return all.toString();
  }

  /** Where frames of bridges go through the rules for IP, too, nobody reaches himself that way. */
  private static String golden(String all) {
    String filtered = hosts.onHost("cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null");
    return filtered.equals("1") ? all.replaceFirst("(a1        a1 a2 [- ]*)any", "$1-") : all;
  }

  private static void isGolden(String when) throws Exception {
    assertThat(matrix(targets)).as(when).isEqualTo(golden(GOLDEN));
    assertThat(matrix(targets6)).as(when + ", IPv6").isEqualTo(golden(GOLDEN6));
  }

  private static void awaitRules() {
    Await.until(
        Duration.ofSeconds(20),
        () -> "the rules are made again",
        () -> hosts.onHost("nft list tables").contains("inet kapsel-"));
  }

  @Test
  void itIsTheSameAfterAFlushAReloadAndTheEndOfTheEngine() throws Exception {
    isGolden("at first");

    hosts.onHost("nft flush ruleset");
    awaitRules();
    isGolden("after a flush");

    hosts.onHost(
        "printf 'flush ruleset\\ntable inet fw { chain in { type filter hook input priority 0; }; }'"
            + " | nft -f -");
    awaitRules();
    isGolden("after a reload of a firewall");

    hosts.product.killEngine();
    assertThat(hosts.onHost(TwoHosts.get("127.0.0.1:8081"))).startsWith("a1 sees");
    hosts.kapsel("ps");
    isGolden("after the death of the engine");

    hosts.product.stopEngine();
    assertThat(hosts.onHost(TwoHosts.get("[::1]:8082"))).startsWith("a1 sees");
    hosts.kapsel("ps");
    isGolden("after a restart of the engine");
  }

  @Test
  void theTraceSaysWhatIsSo() {
    Map<String, String> names =
        Map.of("a1", "a1", "a2", "a2", "b1", "b1", "bridge", "br", "inner", "in");
    List<String> from = List.of("a1", "b1", "bridge", "inner", "host");
    for (String each : from) {
      String row = row(each, targets);
      names.forEach((container, column) -> {
        Result trace = hosts.product.kapsel("network", "trace", each, container + ":80");
        assertThat(trace.exitCode() == 0)
            .as(each + " to " + container + ": " + trace.out())
            .isEqualTo(row.substring(9).contains(" " + column));
      });
      Result out = hosts.product.kapsel("network", "trace", each, TwoHosts.NEIGHBOUR + ":80");
      assertThat(out.exitCode() == 0 || each.equals("host"))
          .as(out.out())
          .isEqualTo(row.contains(" out"));
    }
    Result outside = hosts.product.kapsel("network", "trace", TwoHosts.NEIGHBOUR, "b1:80");
    assertThat(outside.exitCode()).isEqualTo(1);
    assertThat(outside.out()).contains("only published ports are reached; 'b1' publishes none");
    assertThat(hosts.kapsel("network", "trace", TwoHosts.NEIGHBOUR, "a1:80"))
        .contains("0.0.0.0:8080->80/tcp")
        .endsWith("reached");
    Result closed = hosts.product.kapsel("network", "trace", "a1", "a2:81");
    assertThat(closed.out()).contains("nobody listens at port 81");
    assertThat(closed.exitCode()).isEqualTo(1);
  }
}
