package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Links of the host in containers, by configuration, {@code lxc-device} and {@code device}. */
class LxcCardsIT extends LxcEndToEnd {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String LINK = "kplt0";
  private static final String OTHER_END = "kplt1";

  @BeforeEach
  void makeLink() {
    removeLink();
    Command.of("ip", "link", "add", LINK, "type", "veth", "peer", "name", OTHER_END).run().ok();
  }

  @AfterEach
  void removeLink() {
    Command.of("ip", "link", "del", OTHER_END).run();
  }

  private static boolean hostHasLink() {
    return Command.of("ip", "link", "show", LINK).run().exitCode() == 0;
  }

  private static void awaitLink() {
    Await.until(PATIENCE, () -> "the link is back", LxcCardsIT::hostHasLink);
  }

  private String inside(String command) {
    return lxc("lxc-attach", "-n", "web", "--", "/bin/sh", "-c", command).ok().out().strip();
  }

  @Test
  void movesALinkInsideAndBackAtTheEnd() throws IOException {
    Path said = place.resolve("said");
    Path script = place.resolve("script");
    Files.writeString(script, "#!/bin/sh\necho \"$*\" >>" + said + "\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();
    String[] cards = {
      "lxc.net.0.type = phys",
      "lxc.net.0.link = " + LINK,
      "lxc.net.0.name = wan",
      "lxc.net.0.flags = up",
      "lxc.net.0.mtu = 1400",
      "lxc.net.0.ipv4.address = 10.99.7.2/24",
      "lxc.net.0.ipv4.gateway = 10.99.7.1",
      "lxc.net.0.script.up = " + script,
      "lxc.net.0.script.down = " + script,
      "lxc.net.1.type = macvlan",
      "lxc.net.1.macvlan.mode = bridge",
      "lxc.net.1.link = " + OTHER_END,
      "lxc.net.1.name = lan",
      "lxc.net.1.script.up = " + script,
    };
    define("web", cards);

    oracle("lxc-start", "-n", "web").ok();
    oracle("lxc-stop", "-k", "-n", "web").ok();
    awaitLink();
    Await.until(
        PATIENCE,
        () -> "its scripts have run",
        () -> HostFiles.read(said.toString()).contains(" down "));
    String expected = Files.readString(said);
    Files.delete(said);

    lxc("lxc-start", "-n", "web").ok();
    assertThat(hostHasLink()).isFalse();
    assertThat(inside("cat /sys/class/net/wan/mtu")).isEqualTo("1400");
    assertThat(inside("ip -4 addr show wan")).contains("10.99.7.2/24");
    assertThat(inside("ip route")).contains("default via 10.99.7.1 dev wan");
    assertThat(inside("ls /sys/class/net")).contains("lan");
    lxc("lxc-stop", "-k", "-n", "web").ok();
    awaitLink();
    Await.until(
        PATIENCE,
        () -> "the scripts have run",
        () -> HostFiles.read(said.toString()).equals(expected));
  }

  @Test
  void aLinkIsBackAlsoWhenTheEngineHasDiedBefore() throws IOException {
    define("web", "lxc.net.0.type = phys", "lxc.net.0.link = " + LINK);
    lxc("lxc-start", "-n", "web").ok();
    String pid = lxc("lxc-info", "-n", "web", "-pH").line();

    product.killEngine();
    Command.of("kill", "-9", pid).run().ok();
    Await.until(PATIENCE, () -> "it is gone", () -> !Files.exists(Path.of("/proc", pid)));
    assertThat(hostHasLink()).isFalse();

    assertThat(lxc("lxc-info", "-n", "web", "-sH").line()).isEqualTo("STOPPED");
    awaitLink();
  }

  @Test
  void refusesALinkThatThereIsNotWithoutLosingAnother() throws IOException {
    define(
        "web",
        "lxc.net.0.type = phys",
        "lxc.net.0.link = " + LINK,
        "lxc.net.1.type = phys",
        "lxc.net.1.link = kplt7");

    Result refused = lxc("lxc-start", "-n", "web");

    assertThat(refused.exitCode()).isOne();
    assertThat(refused.err()).contains("cannot start 'web'", "'kplt7': the host has no such link");
    assertThat(hostHasLink()).isTrue();
  }

  private static boolean hasEnd(String name) {
    return Command.of("ip", "link", "show", name).run().exitCode() == 0;
  }

  @Test
  void theHostsEndIsFoundByTheNameThatIsSaid() throws IOException {
    kapsel("network", "create", "kplxc").ok();
    define(
        "web", "lxc.net.0.type = veth", "lxc.net.0.link = kplxc", "lxc.net.0.veth.pair = kpweb0");

    lxc("lxc-start", "-n", "web").ok();
    assertThat(hasEnd("kpweb0")).isTrue();
    lxc("lxc-stop", "-k", "-n", "web").ok();
    Await.until(PATIENCE, () -> "it is gone", () -> !hasEnd("kpweb0"));
    define(
        "web", "lxc.net.0.type = veth", "lxc.net.0.link = kplxc", "lxc.net.0.veth.pair = " + LINK);
    assertThat(lxc("lxc-start", "-n", "web").err())
        .contains("line 9: lxc.net.0.veth.pair", "EEXIST");

    kapsel("rm", "-f", "web").ok();
    kapsel("network", "rm", "kplxc").ok();
  }

  @Test
  void aLinkThatCannotBeSetUpIsBackAtOnce() throws IOException {
    define(
        "web",
        "lxc.net.0.type = phys",
        "lxc.net.0.link = " + LINK,
        "lxc.net.0.ipv4.gateway = 10.250.0.1");

    Result refused = lxc("lxc-start", "-n", "web");

    assertThat(refused.exitCode()).isOne();
    assertThat(refused.err()).contains("cannot start 'web'", "set up link '" + LINK + "'");
    assertThat(hostHasLink()).isTrue();
  }

  @Test
  void aLinkWhoseNameIsTakenIsBackUnderAnother() throws IOException {
    define("web", "lxc.net.0.type = phys", "lxc.net.0.link = " + LINK);
    lxc("lxc-start", "-n", "web").ok();
    Command.of("ip", "link", "add", LINK, "type", "bridge").run().ok();
    try {
      lxc("lxc-stop", "-k", "-n", "web").ok();
      Await.until(
          PATIENCE,
          () -> "it is back",
          () ->
              Command.of("ip", "link", "show", OTHER_END).run().out().contains(OTHER_END + "@dev"));
    } finally {
      Command.of("ip", "link", "del", LINK).run();
    }
  }

  @Test
  void addsAndTakesAwayWhatAContainerHas() throws IOException {
    define("web");
    assertThat(lxc("lxc-device", "-n", "web", "add", LINK).err())
        .contains("Container web is not running");
    lxc("lxc-start", "-n", "web").ok();

    lxc("lxc-device", "-n", "web", "add", LINK, "wan").ok();
    lxc("lxc-device", "-n", "web", "add", "/dev/null", "/dev/nothing").ok();
    assertThat(hostHasLink()).isFalse();
    assertThat(inside("ls /sys/class/net")).contains("wan");
    assertThat(inside("echo x >/dev/nothing && ls /dev/nothing")).isEqualTo("/dev/nothing");
    assertThat(kapsel("device", "ls", "web").out()).contains("nic", "wan", LINK, "/dev/nothing");

    lxc("lxc-device", "-n", "web", "del", "wan").ok();
    lxc("lxc-device", "-n", "web", "del", "/dev/nothing").ok();
    assertThat(hostHasLink()).isTrue();
    assertThat(inside("ls /sys/class/net /dev")).doesNotContain("wan").doesNotContain("nothing");

    kapsel("device", "add", "--nic", LINK + ":wan", "web").ok();
    assertThat(kapsel("device", "add", "--nic", "kplt7", "web").err())
        .contains("cannot add 'web'", "the host has no such link");
    lxc("lxc-stop", "-k", "-n", "web").ok();
    awaitLink();
  }

  @Test
  void refusesAsLxcDoes() throws IOException {
    define("web");
    oracle("lxc-start", "-n", "web").ok();
    List<String[]> calls =
        List.of(
            new String[] {"lxc-device", "-n", "web", "add"},
            new String[] {"lxc-device", "-n", "web", "frob", "x"},
            new String[] {"lxc-device", "-n", "web", "del", "/dev/nothing"},
            new String[] {"lxc-device", "-n", "none", "add", "/dev/fuse"});
    List<Integer> expected = calls.stream().map(it -> oracle(it).exitCode()).toList();
    oracle("lxc-stop", "-k", "-n", "web").ok();

    lxc("lxc-start", "-n", "web").ok();
    List<Integer> found = calls.stream().map(it -> lxc(it).exitCode()).toList();

    assertThat(found).isEqualTo(expected).doesNotContain(0);
  }
}
