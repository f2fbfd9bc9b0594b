package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The terminals that systems have besides their console. */
class TtysIT extends LxcEndToEnd {
  private static final String ANSWERING =
      """
      echo $container_ttys
      talk() { while :; do printf "$1: "; read line || sleep 1; echo $1 has $line; done; }
      talk one </dev/tty1 >/dev/tty1 2>&1 &
      talk two </dev/tty2 >/dev/tty2 2>&1 &
      exec sleep 1000
      """;

  private void expect(String script) {
    new Expect(product)
        .run(
            script
                .replace("LXC-CONSOLE", Product.DIST.resolve("lxc/lxc-console") + " -P " + place)
                .replace("KILL-ENGINE", "exec kill -KILL [exec cat $env(KAPSEL_RUN)/engine.pid]"));
  }

  @Test
  void severalAreUsedAtOnceAndOutliveEngineAndMonitor() {
    kapsel(
            "run",
            "-d",
            "--system",
            "--ttys",
            "2",
            "--name",
            "sys",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            ANSWERING)
        .ok();
    Await.until("it says so", () -> kapsel("logs", "sys").out().contains("pts/1 pts/2"));

    expect(
        """
        spawn $kapsel console --tty 1 sys
        set one $spawn_id
        want {one: }
        spawn $kapsel console --tty 2 --detach-keys ctrl-x,y sys
        set two $spawn_id
        want {two: }
        send "b\\r"
        want {two has b}
        set spawn_id $one
        send "a\\r"
        want {one has a}
        KILL-ENGINE
        send "c\\r"
        want {one has c}
        send "\\x10\\x11"
        ends 0
        spawn $kapsel console --tty 1 sys
        send "d\\r"
        want {one has d}
        set spawn_id $two
        send "\\x18y"
        ends 0
        """);

    String json = kapsel("inspect", "sys").ok().out();
    String monitor = json.replaceAll("(?s).*\"MonitorPid\": ?(\\d+).*", "$1");
    Command.of("kill", "-KILL", monitor).run().ok();
    expect(
        """
        spawn $kapsel console --tty 2 sys
        send "e\\r"
        want {two has e}
        send "\\x10\\x11"
        ends 0
        """);
    assertThat(kapsel("console", "--tty", "3", "sys").err())
        .isEqualTo("kapsel: cannot attach to 'sys': its terminals are 0 to 2\n");
  }

  @Test
  void lxcConsoleTakesTheFirstThatIsFree() throws IOException {
    define("one", "lxc.tty.dir = lxc");
    lxc("lxc-start", "-n", "one").ok();
    assertThat(lxc("lxc-attach", "-n", "one", "--", "/bin/readlink", "/dev/tty4").ok().line())
        .isEqualTo("lxc/tty4");

    expect(
        """
        spawn LXC-CONSOLE -n one -t 2
        want {Connected to tty 2}
        want {Type <Ctrl\\+a q> to exit the console, <Ctrl\\+a Ctrl\\+a> to enter Ctrl\\+a itself}
        want {press Enter to activate}
        set second $spawn_id
        spawn LXC-CONSOLE -n one
        want {Connected to tty 1}
        set first $spawn_id
        spawn LXC-CONSOLE -n one -t 2
        want {terminal 2 is in use}
        ends 1
        spawn LXC-CONSOLE -n one -e ^b
        want {Connected to tty 3}
        send "\\x02q"
        ends 0
        set spawn_id $first
        send "\\x01q"
        ends 0
        spawn LXC-CONSOLE -n one
        want {Connected to tty 1}
        send "\\x01q"
        ends 0
        set spawn_id $second
        send "\\r"
        want {# }
        send "echo on-\\$(tty)\\r"
        want {on-/dev/(pts/2|lxc/tty2|tty2)}
        send "\\x01q"
        ends 0
        spawn LXC-CONSOLE -n one -t 0
        want {Connected to tty 0}
        send "\\x01q"
        ends 0
        """);
    assertThat(lxc("lxc-console", "-n", "one", "-t", "5").exitCode()).isEqualTo(1);
  }
}
