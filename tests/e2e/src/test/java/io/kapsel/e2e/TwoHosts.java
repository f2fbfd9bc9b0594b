package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A host that is a network namespace of its own, with an engine in it, and a neighbour that is
 * another one: the machine's own network stays as it is.
 */
final class TwoHosts implements AutoCloseable {
  static final String HOST = "203.0.113.1";
  static final String NEIGHBOUR = "203.0.113.2";

  final Process host;
  final Process neighbour;
  final Product product;
  private final Product outside = Product.fresh();

  TwoHosts() {
    host = Command.of("unshare", "-n", "sleep", "1000").start();
    neighbour = Command.of("unshare", "-n", "sleep", "1000").start();
    awaitMade(host);
    awaitMade(neighbour);
    onHost(
        "ip link set lo up; ip link add up0 type veth peer name eth0 netns "
            + neighbour.pid()
            + "; ip addr add 203.0.113.1/24 dev up0; ip addr add 2001:db8::1/64 dev up0 nodad;"
            + " ip link set up0 up");
    onNeighbour(
        "ip link set lo up; ip addr add 203.0.113.2/24 dev eth0;"
            + " ip addr add 2001:db8::2/64 dev eth0 nodad; ip link set eth0 up;"
            + " ip route add default via 203.0.113.1");
    product = outside.in(host.pid());
  }

  private static void awaitMade(Process of) {
    Await.until(
        Duration.ofSeconds(20),
        () -> "a namespace is made",
        () ->
            !HostFiles.link("/proc/" + of.pid() + "/ns/net")
                .equals(HostFiles.link("/proc/self/ns/net")));
  }

  /** One more neighbour, at a link of the host of its own; the caller ends it. */
  Process another(String link, String here, String there, String here6, String there6) {
    Process other = Command.of("unshare", "-n", "sleep", "1000").start();
    awaitMade(other);
    onHost(
        "ip link add %s type veth peer name eth0 netns %d; ip addr add %s/24 dev %s;"
                .formatted(link, other.pid(), here, link)
            + " ip addr add %s/64 dev %s nodad; ip link set %s up".formatted(here6, link, link));
    in(
        other,
        "ip addr add %s/24 dev eth0; ip addr add %s/64 dev eth0 nodad; ip link set eth0 up"
            .formatted(there, there6));
    return other;
  }

  /** The same places with an engine where the machine's own network is; not both at once. */
  Product outside() {
    return outside;
  }

  /** What a script prints on the host. */
  String onHost(String script) {
    return in(host, script);
  }

  /** What a script prints on the neighbour. */
  String onNeighbour(String script) {
    return in(neighbour, script);
  }

  /** What a script prints on such a host. */
  static String in(Process where, String script) {
    return Command.of("nsenter", "-t", Long.toString(where.pid()), "-n", "sh", "-c", script)
        .run()
        .out()
        .strip();
  }

  /** A program that runs on the neighbour until it is destroyed. */
  Process startOnNeighbour(String... words) {
    return start(neighbour, words);
  }

  /** The same on the host. */
  Process startOnHost(String... words) {
    return start(host, words);
  }

  private static Process start(Process where, String... words) {
    List<String> all =
        new ArrayList<>(List.of("nsenter", "-t", Long.toString(where.pid()), "-n", "--"));
    all.addAll(List.of(words));
    return new Command(all).start();
  }

  /** A command that must succeed; its line. */
  String kapsel(String... words) {
    return product.kapsel(words).ok().line();
  }

  /** A container that listens at port 80, tells its name and who asks. */
  String server(String name, String... flags) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(
        List.of(
            "host:",
            "socat",
            "TCP6-LISTEN:80,fork,reuseaddr,ipv6only=0",
            "SYSTEM:echo " + name + " sees $SOCAT_PEERADDR"));
    String id = kapsel(words.toArray(String[]::new));
    Await.until(
        Duration.ofSeconds(20),
        () -> name + " listens",
        () -> product.kapsel("exec", name, "sh", "-c", "ss -ltn | grep -q :80").exitCode() == 0);
    return id;
  }

  /** The words of a shell that ask a server, and print nothing where there is no answer. */
  static String get(String address) {
    return "socat -u TCP:" + address + ",connect-timeout=1 - 2>/dev/null || true";
  }

  /** What a container gets from a server. */
  String from(String container, String address) {
    return product.kapsel("exec", container, "sh", "-c", get(address)).out().strip();
  }

  /** Removes all that was made, but not the hosts. */
  void clear() {
    onHost("nft flush ruleset");
    product.removeAll();
    product.kapsel("network", "prune", "-f").ok();
  }

  @Override
  public void close() {
    try {
      product.close();
      assertThat(onHost("ip -br link; nft list tables")).doesNotContain("kapsel", "kb", "kv", "ks");
    } finally {
      host.destroy();
      neighbour.destroy();
    }
  }
}
