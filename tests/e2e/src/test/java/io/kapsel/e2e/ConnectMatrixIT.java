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

  private static TwoHosts hosts;
  private static final Map<String, String> targets = new LinkedHashMap<>();
  private static final List<Process> servers = new ArrayList<>();

  @BeforeAll
  static void makeHosts() {
    hosts = new TwoHosts();
    hosts.kapsel("network", "create", "neta");
    hosts.kapsel("network", "create", "netb");
    hosts.kapsel("network", "create", "--internal", "netinner");
    hosts.server("a1", "--network", "neta", "-p", "8080:80", "-p", "127.0.0.1:8081:80");
    hosts.server("a2", "--network", "neta");
    hosts.server("b1", "--network", "netb");
    hosts.server("bridge");
    hosts.server("inner", "--network", "netinner");
    servers.add(hosts.startOnNeighbour("socat", "TCP-LISTEN:80,fork,reuseaddr", "SYSTEM:echo hi"));
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
  }

  @AfterAll
  static void leavesNothing() {
    servers.forEach(Process::destroy);
    hosts.clear();
    hosts.close();
  }

  private static String address(String name, String network) {
    return hosts.kapsel(
        "inspect", "-f", "{{.NetworkSettings.Networks." + network + ".IPAddress}}", name);
  }

  /** The words of a shell that try all targets at once, and print those that answer. */
  private static String tries() {
    StringBuilder script = new StringBuilder();
    targets.forEach((name, address) ->
        script.append(
            "(socat -u TCP:%s,connect-timeout=2 - 2>/dev/null | grep -q . && echo %s) & "
                .formatted(address, name)));
    return script + "wait";
  }

  private static String row(String from) {
    String found =
        switch (from) {
          case "host" -> hosts.onHost(tries());
          case "neighbour" -> hosts.onNeighbour(tries());
          default -> hosts.product.kapsel("exec", from, "sh", "-c", tries()).out();
        };
    List<String> reached = found.lines().toList();
    StringBuilder row = new StringBuilder("%-9s".formatted(from));
    for (String each : targets.keySet()) {
      row.append(' ').append(reached.contains(each) ? each : "-");
    }
    return row.toString();
  }

  private static String matrix() throws Exception {
    Map<String, String> rows = new ConcurrentHashMap<>();
    List<String> from = List.of("a1", "a2", "b1", "bridge", "inner", "host", "neighbour");
    AtOnce.run(from, each -> rows.put(each, row(each)));
    StringBuilder all = new StringBuilder();
    from.forEach(each -> all.append(new TreeMap<>(rows).get(each)).append('\n'));
    return all.toString();
  }

  /** Where frames of bridges go through the rules for IP, too, nobody reaches himself that way. */
  private static String golden() {
    String filtered = hosts.onHost("cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null");
    return filtered.equals("1")
        ? GOLDEN.replace("a1        a1 a2 - - - any", "a1        a1 a2 - - - -")
        : GOLDEN;
  }

  @Test
  void itIsTheSameAfterAFlushAndADeathOfTheEngine() throws Exception {
    assertThat(matrix()).isEqualTo(golden());

    hosts.onHost("nft flush ruleset");
    Await.until(
        Duration.ofSeconds(20),
        () -> "the rules are made again",
        () -> hosts.onHost("nft list tables").contains("inet kapsel-"));
    assertThat(matrix()).isEqualTo(golden());

    hosts.product.killEngine();
    assertThat(hosts.onHost(TwoHosts.get("127.0.0.1:8081"))).startsWith("a1 sees");
    hosts.kapsel("ps");
    assertThat(matrix()).isEqualTo(golden());
  }

  @Test
  void theTraceSaysWhatIsSo() {
    Map<String, String> names =
        Map.of("a1", "a1", "a2", "a2", "b1", "b1", "bridge", "br", "inner", "in");
    List<String> from = List.of("a1", "b1", "bridge", "inner", "host");
    for (String each : from) {
      String row = row(each);
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
