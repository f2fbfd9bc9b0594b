package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Networks that plugins make: Debian's, and one of the tests that notes how it is called and fails
 * in each way that it is told to.
 */
class CniIT extends OnTwoHosts {
  private static final String PLUGIN =
      """
      #!/bin/sh
      here=$(dirname "$0")
      config=$(cat)
      echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME $config" >>"$here/calls"
      [ ! -e "$here/on-$CNI_COMMAND" ] || . "$here/on-$CNI_COMMAND"
      case "$CNI_COMMAND" in
      VERSION) echo '{"cniVersion":"1.1.0","supportedVersions":["0.4.0","1.0.0","1.1.0"]}' ;;
      ADD) echo '{"cniVersion":"1.1.0","interfaces":[{"name":"'$CNI_IFNAME'","mac":"02:00:00:00:00:07",
        "sandbox":"'$CNI_NETNS'"}],"ips":[{"address":"10.99.9.9/24","interface":0}]}' ;;
      esac
      """;

  private static Path place;

  @BeforeAll
  static void makePlugins() throws IOException {
    place = Files.createTempDirectory(Path.of("/tmp"), "kapsel-cni-");
    for (String each : List.of("odd", "other")) {
      write(each, PLUGIN);
      assertThat(place.resolve(each).toFile().setExecutable(true)).isTrue();
    }
  }

  @BeforeEach
  void forgetCalls() throws IOException {
    for (String each : HostFiles.names(place)) {
      if (each.startsWith("on-") || each.equals("calls")) {
        Files.delete(place.resolve(each));
      }
    }
  }

  @AfterAll
  static void removePlugins() {
    HostFiles.delete(place);
  }

  private Command command(String... words) {
    return hosts
        .product
        .command(words)
        .env("KAPSEL_CNI_PATH", place + ":/usr/lib/cni")
        .env("KAPSEL_CNI_CONF", place.toString());
  }

  private Result kapsel(String... words) {
    return command(words).run();
  }

  private static void write(String name, String text) {
    try {
      Files.writeString(place.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> calls() {
    return HostFiles.read(place.resolve("calls").toString())
        .lines()
        .filter(each -> !each.startsWith("VERSION"))
        .toList();
  }

  private static List<String> commands(List<String> calls) {
    return calls.stream().map(each -> each.substring(0, each.indexOf(' '))).toList();
  }

  private void odd(String more) {
    write(
        "odd.conflist",
        """
        {"cniVersion":"1.1.0","name":"odd",%s"plugins":[
         {"type":"odd","capabilities":{"portMappings":true}},
         {"type":"other","capabilities":{"ips":true,"mac":true,"aliases":true,"bandwidth":true}}]}
        """
            .formatted(more));
    kapsel("network", "create", "-d", "cni", "odd").ok();
  }

  private List<String> records() {
    List<String> all = new ArrayList<>();
    Path networks = hosts.product.state().resolve("cni");
    for (String each : HostFiles.names(networks)) {
      all.addAll(HostFiles.names(networks.resolve(each)));
    }
    all.removeIf(each -> !each.endsWith(".json"));
    return all;
  }

  @Test
  void debiansPluginsMakeNetworksWithNamesAndPublishedPorts() {
    write(
        "lan.conflist",
        """
        {"cniVersion":"1.0.0","name":"lan","disableCheck":true,"plugins":[
         {"type":"bridge","bridge":"cni7","isGateway":true,"ipMasq":true,
          "ipam":{"type":"host-local","dataDir":"%s/leases",
           "ranges":[[{"subnet":"10.77.0.0/24"}],[{"subnet":"fd77::/64"}]],
           "routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}},
         {"type":"portmap","capabilities":{"portMappings":true}},
         {"type":"firewall"}]}
        """
            .formatted(place));
    kapsel("network", "create", "-d", "cni", "-o", "conf=lan", "net").ok();
    hosts.server("web", "--network", "net", "-p", "8080:80");
    hosts.server("db", "--network", "net", "--network-alias", "store");

    assertThat(kapsel("inspect", "-f", "{{.NetworkSettings.Networks.net.IPAddress}}", "web").line())
        .startsWith("10.77.0.");
    assertThat(hosts.from("web", "store:80")).startsWith("db sees");
    assertThat(hosts.onNeighbour(TwoHosts.get(TwoHosts.HOST + ":8080"))).startsWith("web sees");
    assertThat(hosts.from("db", "[" + address6("web") + "]:80")).startsWith("web sees");
    Await.until(
        Duration.ofSeconds(20),
        () ->
            "the port is reached over IPv6: " + hosts.onHost("ip6tables-save -t nat; ip -6 route"),
        () -> hosts.onNeighbour(TwoHosts.get("[2001:db8::1]:8080")).startsWith("web sees"));
    hosts.product.killEngine();
    assertThat(hosts.onNeighbour(TwoHosts.get(TwoHosts.HOST + ":8080"))).startsWith("web sees");
    kapsel("rm", "-f", "web").ok();
    assertThat(hosts.onHost("iptables-save")).contains("10.77.0.").doesNotContain("8080");

    hosts.product.killEngine();
    kapsel("rm", "-f", "db").ok();
    assertThat(hosts.onHost("iptables-save")).doesNotContain("10.77.0.");
    assertThat(HostFiles.names(place.resolve("leases/lan"))).noneMatch(it -> it.startsWith("10."));
    assertThat(records()).isEmpty();
    kapsel("network", "rm", "net").ok();
    hosts.onHost(
        "ip link del cni7; for i in iptables ip6tables; do $i -F; $i -t nat -F; $i -t nat -X; done");
  }

  private String address6(String container) {
    return kapsel("inspect", "-f", "{{.NetworkSettings.Networks.net.GlobalIPv6Address}}", container)
        .line();
  }

  @Test
  void whatHasIpv6IsFoundAsItWasByTheNextEngine() {
    write(
        "six.conflist",
        """
        {"cniVersion":"1.0.0","name":"six","plugins":[
         {"type":"bridge","bridge":"cni6","isGateway":true,
          "ipam":{"type":"host-local","dataDir":"%s/leases6",
           "ranges":[[{"subnet":"10.76.0.0/24"}],[{"subnet":"fd76::/64"}]],
           "routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}}]}
        """
            .formatted(place));
    kapsel("network", "create", "-d", "cni", "six").ok();
    hosts.server("web", "--network", "six");
    assertThat(kapsel("doctor").out()).containsPattern("network six +its plugins are ready");
    hosts.product.killEngine();
    assertThat(kapsel("doctor").out()).containsPattern("network six +its plugins are ready");
    kapsel("exec", "--privileged", "web", "ip", "addr", "flush", "dev", "eth0").ok();
    assertThat(kapsel("doctor").out()).contains("container 'web' is not as it was");
    kapsel("restart", "-t", "0", "web").ok();
    assertThat(kapsel("doctor").out()).containsPattern("network six +its plugins are ready");
    kapsel("rm", "-f", "web").ok();
    kapsel("network", "rm", "six").ok();
    hosts.onHost("ip link del cni6");
  }

  @Test
  void theDirectoryBesideAConfigurationMayHaveAllItsPlugins() throws IOException {
    write("outside.conflist", "{\"cniVersion\":\"1.1.0\",\"name\":\"outside\"}");
    Files.createDirectories(place.resolve("outside"));
    write("outside/2.conf", "{\"type\":\"other\"}");
    write("outside/1.conf", "{\"type\":\"odd\"}");
    kapsel("network", "create", "-d", "cni", "outside").ok();
    kapsel("run", "--rm", "--network", "outside", "host:", "true").ok();
    assertThat(calls().subList(0, 2))
        .satisfiesExactly(
            first -> assertThat(first).startsWith("ADD ").contains("\"type\":\"odd\""),
            second -> assertThat(second).startsWith("ADD ").contains("\"type\":\"other\""));
    kapsel("network", "rm", "outside").ok();
    write(
        "outside.conflist",
        """
        {"cniVersion":"1.1.0","name":"outside","loadOnlyInlinedPlugins":true}
        """);
    assertThat(kapsel("network", "create", "-d", "cni", "outside").err())
        .contains("it has no plugins");
    HostFiles.delete(place.resolve("outside"));
  }

  @Test
  void pluginsSayWhoIsAskedForNames() {
    Process server =
        hosts.startOnNeighbour(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "io.kapsel.e2e.NameServer",
            TwoHosts.NEIGHBOUR,
            "far.example=203.0.113.3");
    try {
      odd("");
      answersWithNames();
    } finally {
      server.destroy();
    }
  }

  private void answersWithNames() {
    write(
        "on-ADD",
        """
        echo '{"cniVersion":"1.1.0","ips":[{"address":"10.99.9.9/24"}],"dns":{"nameservers":["203.0.113.2"],
          "domain":"here.example","search":["there.example"],"options":["timeout:1"]}}'
        exit 0
        """);
    String[] command = {"run", "--rm", "--network", "odd", "host:", "cat", "/etc/resolv.conf"};
    assertThat(kapsel(command).ok().lines())
        .containsExactly(
            "nameserver 127.0.0.11",
            "search here.example there.example",
            "options timeout:1 ndots:0");
    kapsel("run", "-d", "--name", "asks", "--network", "odd", "host:", "sleep", "1000").ok();
    Await.until(
        Duration.ofSeconds(30),
        () -> "the plugin's server is asked",
        () ->
            kapsel("exec", "asks", "getent", "hosts", "far.example").out().contains("203.0.113.3"));
    hosts.product.killEngine();
    kapsel("ps").ok();
    Await.until(
        Duration.ofSeconds(30),
        () -> "the next engine knows the server",
        () ->
            kapsel("exec", "asks", "getent", "hosts", "far.example").out().contains("203.0.113.3"));
    assertThat(
            kapsel(
                    "run",
                    "--rm",
                    "--network",
                    "odd",
                    "--dns-search",
                    "mine.example",
                    "host:",
                    "cat",
                    "/etc/resolv.conf")
                .ok()
                .out())
        .contains("search mine.example");
  }

  @Test
  void aNetworkOfLoopbackAloneIsOneToo() {
    write(
        "lo.conflist",
        "{'cniVersion':'1.0.0','name':'lo','plugins':[{'type':'loopback'}]}".replace('\'', '"'));
    kapsel("network", "create", "-d", "cni", "lo").ok();
    assertThat(kapsel("run", "--rm", "--network", "lo", "host:", "ip", "-br", "addr").line())
        .startsWith("lo")
        .contains("127.0.0.1/8");
  }

  @Test
  void aChainIsCalledAsTheSpecificationSays() {
    odd("");
    String id =
        kapsel(
                "run",
                "-d",
                "--name",
                "one",
                "--network",
                "name=odd,ip=10.99.9.9,alias=x",
                "--mac-address",
                "02:00:00:00:00:07",
                "--network-rate",
                "10mbit",
                "-p",
                "8080:80",
                "host:",
                "sleep",
                "1000")
            .ok()
            .line();
    List<String> added = calls();
    assertThat(commands(added)).containsExactly("ADD", "ADD");
    assertThat(added.getFirst())
        .contains("ADD " + id + " eth0 ", "\"type\":\"odd\"", "\"name\":\"odd\"")
        .contains(
            "\"portMappings\":[{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"tcp\"}]")
        .doesNotContain("capabilities", "prevResult", "\"ips\"");
    assertThat(added.getLast())
        .contains("\"type\":\"other\"", "\"prevResult\":{", "\"aliases\":[\"x\"]")
        .contains("\"ips\":[\"10.99.9.9\"]", "\"mac\":\"02:00:00:00:00:07\"")
        .contains("\"ingressRate\":10000000", "\"egressRate\":10000000")
        .doesNotContain("portMappings");
    assertThat(kapsel("doctor").out()).contains("its plugins are ready");
    assertThat(commands(calls()))
        .containsExactly("ADD", "ADD", "STATUS", "STATUS", "CHECK", "CHECK");

    hosts.product.killEngine();
    kapsel("ps").ok();
    Await.until(
        Duration.ofSeconds(30),
        () -> "the new engine tells who is there: " + calls(),
        () -> commands(calls()).size() == 10);
    assertThat(commands(calls()).subList(6, 10)).containsExactly("GC", "GC", "CHECK", "CHECK");
    assertThat(calls().get(6))
        .contains("\"cni.dev/valid-attachments\":[{\"containerID\":\"" + id, "\"ifname\":\"eth0\"");
    kapsel("rm", "-f", "one").ok();
    List<String> removed = calls().subList(10, 12);
    assertThat(commands(removed)).containsExactly("DEL", "DEL");
    assertThat(removed.getFirst()).contains("\"type\":\"other\"", "\"prevResult\":{");
    assertThat(removed.getLast()).contains("\"type\":\"odd\"", "\"prevResult\":{");
    assertThat(records()).isEmpty();
    kapsel("network", "rm", "odd").ok();
    assertThat(commands(calls()).subList(12, 14)).containsExactly("GC", "GC");
    assertThat(HostFiles.names(hosts.product.state().resolve("cni"))).isEmpty();
  }

  @Test
  void aPluginThatFailsSaysWhyAndIsToldToCleanUp() {
    odd("");
    List<List<String>> ways =
        List.of(
            List.of(
                "echo '{\"cniVersion\":\"1.1.0\",\"code\":11,\"msg\":\"no room\","
                    + "\"details\":\"all taken\"}'; exit 1",
                "plugin 'odd' has failed at ADD: no room: all taken (code 11)"),
            List.of("echo alas >&2; exit 3", "plugin 'odd' has failed at ADD: alas (exit code 3)"),
            List.of("exit 4", "plugin 'odd' has failed at ADD: exit code 4"),
            List.of("kill -9 $$", "plugin 'odd' has failed at ADD: killed by signal 9"),
            List.of("echo '<html>'; exit 0", "its result makes no sense"),
            List.of("head -c 3000000 /dev/zero | tr '\\0' x; exit 0", "its result makes no sense"));
    for (List<String> each : ways) {
      write("calls", "");
      write("on-ADD", "case \"$0\" in */odd) " + each.getFirst() + " ;; esac");
      Result result = kapsel("run", "--rm", "--network", "odd", "host:", "true");
      assertThat(result.exitCode()).as(result.toString()).isEqualTo(125);
      assertThat(result.err()).contains("cannot join network 'odd': ").contains(each.getLast());
      assertThat(commands(calls())).as(each.getFirst()).containsExactly("ADD", "DEL", "DEL");
      assertThat(records()).isEmpty();
    }
    assertThat(kapsel("ps", "-aq").out()).isEmpty();
  }

  @Test
  void whatCannotBeIsRefused() {
    odd("");
    for (List<String> each :
        List.of(
            List.of("{}", "'' is not a name for a network"),
            List.of("{\"name\":\"bad\"", "is not JSON"),
            List.of("{\"name\":\"bad\",\"plugins\":[]}", "it has no plugins"),
            List.of("{\"name\":\"bad\",\"plugins\":[{\"type\":\"../odd\"}]}", "not the type"),
            List.of(
                "{\"cniVersion\":\"1.1.0\",\"name\":\"bad\",\"plugins\":[{\"type\":\"nobody\"}]}",
                "there is no plugin 'nobody' in " + place),
            List.of(
                "{\"cniVersion\":\"9.0.0\",\"name\":\"bad\",\"plugins\":[{\"type\":\"odd\"}]}",
                "none in common"))) {
      write("bad.conflist", each.getFirst());
      Result result =
          kapsel("network", "create", "-d", "cni", "-o", "conf=" + place + "/bad.conflist", "bad");
      assertThat(result.exitCode()).isNotZero();
      assertThat(result.err()).contains("cannot create network 'bad': ").contains(each.getLast());
    }
    assertThat(kapsel("network", "create", "-d", "cni", "--subnet", "10.1.0.0/16", "x").err())
        .contains("says its conflist");
    assertThat(kapsel("network", "create", "-o", "conf=odd", "x").err())
        .contains("conf is for cni networks");
    write(
        "few.conflist",
        "{'cniVersion':'1.1.0','name':'few','plugins':[{'type':'odd'}]}".replace('\'', '"'));
    kapsel("network", "create", "-d", "cni", "few").ok();
    for (List<String> each :
        List.of(
            List.of("-p", "80", "capability 'portMappings'"),
            List.of("--ip", "10.1.1.1", "capability 'ips'"),
            List.of("--network-rate", "1mbit", "capability 'bandwidth'"),
            List.of("--egress", "deny", "--egress is for bridges"))) {
      Result result =
          kapsel("run", "--rm", "--network", "few", each.getFirst(), each.get(1), "host:", "true");
      assertThat(result.exitCode()).as(each.toString()).isEqualTo(125);
      assertThat(result.err()).contains(each.getLast());
    }
    assertThat(records()).isEmpty();
  }

  @Test
  void whoWasBeingAddedWhenTheEngineDiedIsTakenOut() throws Exception {
    odd("\"disableGC\":true,");
    write("waits", "");
    write("on-ADD", "while [ -e " + place + "/waits ]; do busybox usleep 20000; done");
    Process run = command("run", "--rm", "--network", "odd", "host:", "true").start();
    Await.until(
        Duration.ofSeconds(30),
        () -> "a plugin is called: " + calls(),
        () -> commands(calls()).contains("ADD"));
    hosts.product.killEngine();
    assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
    assertThat(commands(calls())).doesNotContain("DEL"); // one call for a container at a time
    Files.delete(place.resolve("waits"));
    Await.until(
        Duration.ofSeconds(30),
        () -> "the plugins are told to clean up: " + calls(),
        () -> records().isEmpty());
    assertThat(commands(calls())).containsExactly("ADD", "DEL", "DEL");
    run.destroyForcibly().waitFor();
  }

  @Test
  void aRunningContainerIsPutIntoOneAndTakenOut() {
    odd("");
    kapsel("run", "-d", "--name", "one", "host:", "sleep", "1000").ok();
    kapsel("network", "connect", "odd", "one").ok();
    assertThat(calls().getFirst()).startsWith("ADD").contains(" eth1 ");
    assertThat(kapsel("inspect", "-f", "{{.NetworkSettings.Networks.odd.IPAddress}}", "one").line())
        .isEqualTo("10.99.9.9");
    kapsel("network", "disconnect", "odd", "one").ok();
    assertThat(commands(calls())).containsExactly("ADD", "ADD", "DEL", "DEL");
    assertThat(kapsel("exec", "one", "ip", "-br", "addr").ok().out()).contains("eth0");
  }
}
