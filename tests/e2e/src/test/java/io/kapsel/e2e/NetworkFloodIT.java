package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What a container or a neighbour does with networks to hurt others (rows E16, N3 and X15): each
 * flood is short and ends by itself, and others go on.
 */
class NetworkFloodIT extends OnTwoHosts {
  private static final int LARGEST_GROWTH_KIB = 96 * 1024;

  /** Names of its own that take long, and questions in forms that are none. */
  private static final String QUESTIONS =
      """
      import os, socket, time
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      end = time.time() + 3
      n = 0
      while time.time() < end:
          n += 1
          name = b"".join(bytes([len(l)]) + l for l in (str(n).encode(), b"nowhere", b"invalid"))
          ask = os.urandom(2) + b"\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + name + b"\\0\\0\\1\\0\\1"
          for data in (ask, os.urandom(40), ask[:12] + b"\\xc0\\x0c\\0\\1\\0\\1", os.urandom(1400)):
              try: s.sendto(data, ("127.0.0.11", 53))
              except OSError: pass
      """;

  /** Frames from cards that nobody has. */
  private static final String CARDS =
      """
      import os, socket, time
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      s.bind(("eth0", 0))
      end = time.time() + 2
      while time.time() < end:
          s.send(b"\\xff" * 6 + b"\\2" + os.urandom(5) + b"\\x88\\xb5" + os.urandom(46))
      """;

  /** Beginnings of connections from addresses that nobody has, and datagrams. */
  private static final String BEGINNINGS =
      """
      import os, random, socket, struct, time
      def total(b):
          s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
          s = (s >> 16) + (s & 0xffff)
          return ~(s + (s >> 16)) & 0xffff
      raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
      udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      to = socket.inet_aton("203.0.113.1")
      end = time.time() + 3
      while time.time() < end:
          source = bytes([198, 51, 100, random.randrange(1, 255)])
          tcp = struct.pack("!HHIIBBHHH", random.randrange(1024, 65536), 8080, 7, 0, 0x50, 2, 9999, 0, 0)
          check = total(source + to + struct.pack("!HH", 6, 20) + tcp)
          tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
          ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, source, to)
          raw.sendto(ip + tcp, ("203.0.113.1", 0))
          udp.sendto(os.urandom(1000), ("203.0.113.1", 8080))
      """;

  private static long memory() {
    return HostFiles.read("/proc/" + hosts.product.engine() + "/status")
        .lines()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  private static void python(String container, String program) {
    hosts.product.command("exec", container, "python3", "-c", program).run().ok();
  }

  @Test
  void aFloodOfQuestionsHurtsOnlyWhoAsks() throws Exception {
    hosts.kapsel("network", "create", "net");
    hosts.server("db", "--network", "net");
    hosts.kapsel(
        "run",
        "-d",
        "--name",
        "bad",
        "--network",
        "net",
        "--dns",
        "203.0.113.9",
        "host:",
        "sleep",
        "1000");
    python("bad", QUESTIONS.replace("+ 3", "+ 1"));
    long before = memory();
    Process flood = hosts.product.command("exec", "bad", "python3", "-c", QUESTIONS).start();
    assertThat(hosts.from("db", "db:80")).startsWith("db sees");
    assertThat(hosts.product.kapsel("exec", "db", "getent", "hosts", "bad").ok().out())
        .contains("bad");
    assertThat(flood.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(memory() - before)
        .as("KiB that the engine has grown")
        .isLessThan(LARGEST_GROWTH_KIB);
    Await.until(
        Duration.ofSeconds(30),
        () -> "it is answered itself again",
        () -> hosts.from("bad", "db:80").startsWith("db sees"));
  }

  @Test
  void aFloodOfCardsIsNoneOfTheBridges() {
    hosts.kapsel("network", "create", "net");
    hosts.server("db", "--network", "net");
    hosts.kapsel(
        "run",
        "-d",
        "--name",
        "bad",
        "--network",
        "net",
        "--cap-add",
        "NET_RAW",
        "host:",
        "sleep",
        "1000");
    int before = learned();
    python("bad", CARDS);
    assertThat(learned() - before).as("cards that bridges have learned").isLessThan(10);
    assertThat(hosts.from("bad", "db:80")).startsWith("db sees");
  }

  private static int learned() {
    return (int) hosts.onHost("bridge fdb show dynamic").lines().count();
  }

  @Test
  void aFloodOfBeginningsLeavesThePortOpen() {
    hosts.server("web", "-p", "8080:80", "-p", "8080:80/udp");
    long before = memory();
    hosts.onNeighbour("python3 -c '" + BEGINNINGS + "'");
    Await.until(
        Duration.ofSeconds(30),
        () -> "the port answers",
        () -> hosts.onNeighbour(TwoHosts.get("203.0.113.1:8080")).startsWith("web sees"));
    assertThat(memory() - before).isLessThan(LARGEST_GROWTH_KIB);
    assertThat(hosts.onHost("ip neigh show nud failed").lines().count()).isLessThan(300);
  }

  @Test
  void aContainerSeesItsOwnNetworkOnly() {
    Process secret =
        Command.of(
                "nsenter",
                "-t",
                Long.toString(hosts.host.pid()),
                "-n",
                "--",
                "socat",
                "ABSTRACT-LISTEN:kapsel-e2e-secret,fork",
                "SYSTEM:echo secret")
            .start();
    try {
      Await.until(
          Duration.ofSeconds(20),
          () -> "the host listens",
          () -> hosts.onHost("cat /proc/net/unix").contains("@kapsel-e2e-secret"));
      hosts.kapsel("run", "-d", "--name", "one", "--cap-add", "NET_RAW", "host:", "sleep", "1000");
      String seen =
          hosts
              .product
              .kapsel(
                  "exec",
                  "one",
                  "sh",
                  "-c",
                  "cat /proc/net/unix; ip -o link; ip route show table all; ss -lxn;"
                      + " socat -u ABSTRACT-CONNECT:kapsel-e2e-secret - 2>&1; true")
              .ok()
              .out();
      assertThat(seen).contains("eth0", "Connection refused");
      assertThat(seen).doesNotContain("@kapsel-e2e-secret", "up0", "203.0.113.0", "kv", "kb");
      String sockets =
          """
          import socket
          for protocol in (9, 12):
              try:
                  s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
                  s.bind((0, 1))
                  s.send(b"\\x14\\0\\0\\0\\x01\\x0a\\x05\\x03" + b"\\0" * 12)
                  print("sent", s.recv(4096)[16:20].hex())
              except OSError as e: print("refused", e.errno)
          """;
      assertThat(hosts.product.kapsel("exec", "one", "python3", "-c", sockets).ok().lines())
          .as("neither AUDIT nor the rules for packets")
          .allMatch(line -> line.startsWith("refused") || line.equals("sent ffffffff"));
    } finally {
      secret.destroy();
    }
  }

  @Test
  void namesThatMeanSomethingElseAreNobodys() {
    hosts.kapsel("network", "create", "net");
    hosts.server("localhost", "--network", "net");
    hosts.server("asks", "--network", "net");
    String ask =
        """
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20)
        for name in ("localhost", "x.localhost"):
            q = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
            s.sendto(b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + q + b"\\0\\0\\1\\0\\1", ("127.0.0.11", 53))
            print(socket.inet_ntoa(s.recv(512)[-4:]))
        """;
    assertThat(hosts.product.kapsel("exec", "asks", "python3", "-c", ask).ok().lines())
        .containsExactly("127.0.0.1", "127.0.0.1");
    for (String odd : List.of("*", "a.b*", "-x", "..")) {
      assertThat(hosts.product.kapsel("run", "--rm", "--name", odd, "host:", "true").exitCode())
          .as(odd)
          .isEqualTo(125);
    }
  }
}
