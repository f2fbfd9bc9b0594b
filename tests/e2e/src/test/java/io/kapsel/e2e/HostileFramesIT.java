package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Somebody in a network may write any frame, and neither its neighbours nor the host are hurt. The
 * last test takes the rules away, and all of them are: what is looked at would show it.
 */
class HostileFramesIT extends OnTwoHosts {
  private static final String GATEWAY = "10.77.0.1";
  private static final String VICTIM = "10.77.0.9";
  private static final String LIAR = "10.77.0.66";
  private static final String LIAR_CARD = "02:42:0a:4d:00:42";
  private static final String LIAR_LOCAL = "fe80::42:aff:fe4d:42";

  /** For so long after one answer the kernel takes no other. */
  private static final Duration LOCKED = Duration.ofMillis(1100);

  @BeforeEach
  void fill() {
    hosts.kapsel(
        "network", "create", "--subnet", "10.77.0.0/24", "--subnet", "fd77::/64", "--ipv6", "app");
    for (String[] each :
        new String[][] {{"victim", VICTIM, "fd77::9"}, {"liar", LIAR, "fd77::66"}}) {
      hosts.kapsel(
          "run",
          "-d",
          "--name",
          each[0],
          "--network",
          "app",
          "--ip",
          each[1],
          "--ip6",
          each[2],
          "host:",
          "socat",
          "-u",
          "UDP4-RECV:4000",
          "OPEN:/tmp/got,creat,append");
      Await.until(
          Duration.ofSeconds(20),
          () -> each[0] + " listens",
          () -> inside(each[0], "ss -lun").contains(":4000 "));
    }
    inside(
        "victim",
        "echo x | socat -u - UDP:" + GATEWAY + ":9; echo x | socat -u - UDP6:[fd77::1]:9");
    hosts.onHost(
        "echo x | socat -u - UDP:" + VICTIM + ":4000; echo x | socat -u - UDP6:[fd77::9]:9");
  }

  private static String inside(String container, String script) {
    return hosts.product.kapsel("exec", container, "sh", "-c", script).out().strip();
  }

  private static void send(byte[] frame) {
    hosts
        .product
        .command("exec", "-i", "liar", "socat", "-u", "-", "INTERFACE:eth0")
        .input(frame)
        .run()
        .ok();
  }

  private static void sendAll() {
    send(Frames.arp(LIAR_CARD, GATEWAY, "02:42:0a:4d:00:09", VICTIM));
    send(Frames.arp(LIAR_CARD, VICTIM, "ff:ff:ff:ff:ff:ff", GATEWAY));
    send(Frames.neighbour(LIAR_CARD, LIAR_LOCAL, "fd77::1"));
    send(Frames.router(LIAR_CARD, LIAR_LOCAL));
    send(Frames.udp(LIAR_CARD, "10.77.0.200", VICTIM, 5000, 4000));
    send(Frames.udp(LIAR_CARD, LIAR, VICTIM, 67, 4000));
    send(Frames.udp("02:42:0a:4d:00:77", LIAR, VICTIM, 5001, 4000));
  }

  /** Has everything sent before a good frame arrived: what was to come has come. */
  private static void afterAGoodFrame() {
    int before = got();
    send(Frames.udp(LIAR_CARD, LIAR, VICTIM, 6000, 4000));
    Await.until(Duration.ofSeconds(20), () -> "a good frame arrives", () -> got() > before);
  }

  private static int got() {
    return (int) inside("victim", "cat /tmp/got").lines().filter("frame"::equals).count();
  }

  private static String harm() {
    StringBuilder harm = new StringBuilder();
    note(harm, "arp", inside("victim", "ip neigh show " + GATEWAY).contains(LIAR_CARD));
    note(harm, "host-arp", hosts.onHost("ip neigh show " + VICTIM).contains(LIAR_CARD));
    note(harm, "nd", inside("victim", "ip -6 neigh show fd77::1").contains(LIAR_CARD));
    note(harm, "ra", inside("victim", "ip -6 addr; ip -6 route").contains("2001:db8:bad:"));
    note(harm, "learned", hosts.onHost("bridge fdb show").contains("02:42:0a:4d:00:77"));
    return harm.toString().strip();
  }

  private static void note(StringBuilder all, String what, boolean hurt) {
    if (hurt) {
      all.append(what).append(' ');
    }
  }

  @Test
  void nobodyIsHurtByWhatALiarSends() {
    afterAGoodFrame();
    sendAll();
    LockSupport.parkNanos(LOCKED.toNanos());
    sendAll();
    send(Frames.tagged(LIAR_CARD, Frames.udp(LIAR_CARD, LIAR, VICTIM, 5002, 4000)));
    afterAGoodFrame();

    assertThat(got()).isEqualTo(2);
    assertThat(harm()).isEmpty();
  }

  @Test
  void aFloodOfCardsIsNotLearned() {
    ByteBuffer script = ByteBuffer.allocate(60 * 1000);
    for (int i = 0; i < 1000; i++) {
      String card = "02:55:00:00:%02x:%02x".formatted(i >> 8, i & 0xff);
      script.put(Frames.udp(card, LIAR, VICTIM, 5000, 4000));
    }
    hosts
        .product
        .command("exec", "-i", "liar", "socat", "-b60", "-u", "-", "INTERFACE:eth0")
        .input(script.array())
        .run()
        .ok();
    afterAGoodFrame();

    assertThat(hosts.onHost("bridge fdb show")).doesNotContain("02:55:00:00");
    assertThat(got()).isEqualTo(1);
  }

  @Test
  void nobodyIsHurtAfterAFlushAndADeathOfTheEngine() {
    hosts.onHost("nft flush ruleset");
    Await.until(
        Duration.ofSeconds(20),
        () -> "the rules are made again",
        () -> hosts.onHost("nft list tables").contains("bridge kapsel-"));
    hosts.product.killEngine();
    hosts.kapsel("ps");
    sendAll();
    afterAGoodFrame();

    assertThat(got()).isEqualTo(1);
    assertThat(harm()).isEmpty();
  }

  @Test
  void withoutTheRulesAllOfThemWouldBe() {
    String pid = hosts.kapsel("inspect", "-f", "{{.State.Pid}}", "liar");
    String victim = hosts.kapsel("inspect", "-f", "{{.State.Pid}}", "victim");
    assertThat(pid).isNotEqualTo(victim);
    hosts.product.killEngine();
    hosts.onHost("nft delete table bridge $(nft list tables | grep -o 'kapsel-...' | head -1)");
    byte[][] frames = {
      Frames.arp(LIAR_CARD, GATEWAY, "02:42:0a:4d:00:09", VICTIM),
      Frames.arp(LIAR_CARD, VICTIM, "ff:ff:ff:ff:ff:ff", GATEWAY),
      Frames.neighbour(LIAR_CARD, LIAR_LOCAL, "fd77::1"),
      Frames.router(LIAR_CARD, LIAR_LOCAL),
      Frames.udp("02:42:0a:4d:00:77", LIAR, VICTIM, 5001, 4000)
    };
    Await.until(
        Duration.ofSeconds(60),
        () -> "all are hurt: " + seenBy(victim) + hosts.onHost("ip neigh"),
        () -> {
          for (byte[] frame : frames) {
            Command.of("nsenter", "-t", pid, "-n", "socat", "-u", "-", "INTERFACE:eth0")
                .input(frame)
                .run()
                .ok();
          }
          String seen = seenBy(victim);
          return seen.contains(GATEWAY + " dev eth0 lladdr " + LIAR_CARD)
              && seen.contains("fd77::1 dev eth0 lladdr " + LIAR_CARD)
              && seen.contains("2001:db8:bad:")
              && hosts.onHost("ip neigh show " + VICTIM).contains(LIAR_CARD)
              && hosts.onHost("bridge fdb show").contains("02:42:0a:4d:00:77");
        });
  }

  private static String seenBy(String pid) {
    return Command.of("nsenter", "-t", pid, "-n", "sh", "-c", "ip neigh; ip -6 addr").run().out();
  }
}
