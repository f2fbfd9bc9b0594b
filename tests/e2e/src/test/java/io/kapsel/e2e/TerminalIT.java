package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A terminal in a container is a terminal: size, modes, job control, detaching. */
class TerminalIT extends EndToEnd {
  private void expect(String script) {
    new Expect(product).run(script.replace("ROOT", TestRoot.reference()));
  }

  @Test
  void theSizeIsThatOfTheUsersTerminal() {
    expect(
        """
        spawn $kapsel run -it --rm ROOT /bin/sh -c "stty size"
        want {24 80}
        ends 0
        """);
  }

  @Test
  void aResizeReachesTheProcess() {
    expect(
        """
        spawn $kapsel run -it --rm ROOT /bin/sh -c \
          "trap 'stty size; exit 3' WINCH; echo ready; while :; do sleep 0.05; done"
        want {ready}
        resize 40 100
        want {40 100}
        ends 3
        """);
  }

  @Test
  void aResizeReachesWhoeverReadsTheSizeLater() {
    expect(
        """
        spawn $kapsel run -it --rm ROOT /bin/sh
        want {# }
        resize 40 100
        send "while ! stty size | grep 40; do sleep 0.05; done; exit 6\\r"
        want {40 100}
        ends 6
        """);
  }

  @Test
  void anInterruptKillsTheForegroundJobAndNotTheShell() {
    expect(
        """
        spawn $kapsel run -it --rm ROOT /bin/sh
        want {# }
        send "sleep 100\\r"
        want {sleep 100}
        after 200
        send "\\003"
        want {# }
        send "echo code-\\$?\\r"
        want {code-130}
        send "exit 4\\r"
        ends 4
        """);
  }

  @Test
  void jobControlWorks() {
    expect(
        """
        spawn $kapsel run -it --rm host: bash --norc
        want {[#$] }
        send "sleep 100\\r"
        after 200
        send "\\032"
        want {Stopped}
        send "jobs; kill %1; fg || true; exit 5\\r"
        want {sleep 100}
        ends 5
        """);
  }

  @Test
  void detachesWithTheKeysAndAttachesAgain() {
    expect(
        """
        spawn $kapsel run -it --name keys ROOT /bin/sh
        want {# }
        send "x=4\\r"
        want {# }
        send "\\020\\021"
        ends 0
        spawn $kapsel attach keys
        send "echo still-\\$x\\r"
        want {still-4}
        send "exit 9\\r"
        ends 9
        """);
    assertThat(kapsel("ps", "-a").ok().out()).contains("keys");
  }

  private static final String STAYING = " ROOT /bin/sh -c 'printf in%s side; read line; exit 5'";

  /**
   * A shell on a terminal runs a container in it, then something happens to that; in the end the
   * terminal is again as the shell had it.
   */
  private void restoresTheTerminal(String run, String happens, int code) {
    expect(
        """
        spawn sh
        want {[#$] }
        send "PS1='host''> '; $kapsel RUN; echo co''de-\\$?\\r"
        want {inside}
        HAPPENS
        want {code-CODE}
        want {host> }
        send "stty -a\\r"
        want { icanon.* echo }
        send "exit\\r"
        ends 0
        """
            .replace("RUN", run + STAYING)
            .replace("HAPPENS", happens)
            .replace("CODE", Integer.toString(code)));
  }

  @Test
  void restoresTheTerminalAfterwards() {
    restoresTheTerminal("run -it --rm", "send \"\\r\"", 5);
  }

  @Test
  void restoresTheTerminalWhenTheContainerIsKilled() {
    restoresTheTerminal("run -it --rm --name victim", "exec $kapsel kill victim", 137);
  }

  @Test
  void keepsTheTerminalWhenTheEngineDiesAndRestoresItAfterwards() {
    String kill = "exec kill -KILL [exec cat $env(KAPSEL_RUN)/engine.pid]\n";
    restoresTheTerminal("run -it --name crash", kill + "send \"\\r\"", 5);
  }

  @Test
  void keepsTheTerminalWhenTheMonitorDiesAndRestoresItAfterwards() {
    String kill =
        """
        exec env kapsel=$kapsel sh -c {
          monitor() { $kapsel inspect orphan | sed -n 's/.*"MonitorPid": \\([0-9]*\\).*/\\1/p'; }
          old=$(monitor)
          kill -KILL $old
          until [ "$(monitor)" != $old ]; do sleep 0.1; done
        }
        """;
    restoresTheTerminal("run -it --name orphan", kill + "send \"\\r\"", 5);
  }

  @Test
  void restoresTheTerminalWhenTheClientIsToldToEnd() {
    String kill = "exec sh -c {kill -TERM $(pgrep -f '[k]apsel run -it --name told')}";
    restoresTheTerminal("run -it --name told", kill, 143);
  }

  @Test
  void standardErrorGoesToTheTerminalToo() {
    expect(
        """
        spawn $kapsel run -it --rm ROOT /bin/sh -c "echo to-err >&2; tty"
        want {to-err}
        want {/dev/(console|pts/0)}
        ends 0
        """);
  }

  @Test
  void theTerminalIsTheControllingOne() {
    expect(
        """
        spawn $kapsel run -it --rm ROOT /bin/sh -c "echo into > /dev/tty; ls -l /dev/console"
        want {into}
        want {crw.* /dev/console}
        ends 0
        """);
  }

  @Test
  void askingForATerminalWithoutOneIsRefused() {
    Result result = kapsel("run", "-it", "--rm", TestRoot.reference(), "/bin/true");

    assertThat(result.exitCode()).isNotZero();
    assertThat(result.err()).contains("TTY");
  }

  @Test
  void theLogOfATerminalIsKept() {
    kapsel("run", "-d", "-t", "--name", "log", TestRoot.reference(), "/bin/echo", "on a terminal")
        .ok();
    kapsel("wait", "log").ok();

    assertThat(kapsel("logs", "log").ok().out()).isEqualTo("on a terminal\r\n");
  }
}
