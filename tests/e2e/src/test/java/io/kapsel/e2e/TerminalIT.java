package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
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
  @Tag("open")
  void aResizeReachesTheProcess() {
    expect(
        """
        spawn $kapsel run -it --rm ROOT /bin/sh
        want {# }
        send "trap 'stty size' WINCH; echo rea''dy\\r"
        want {ready}
        resize 40 100
        send "\\r"
        want {40 100}
        send "exit\\r"
        ends 0
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

  @Test
  void restoresTheTerminalAfterwards() {
    expect(
        """
        spawn sh
        want {[#$] }
        send "stty -g > /tmp/kapsel-e2e-stty-$env(KAPSEL_RUN_ID)\\r"
        want {[#$] }
        send "$kapsel run -it --rm ROOT /bin/true; stty -a\\r"
        want { icanon}
        want { echo }
        send "exit\\r"
        ends 0
        """
            .replace("stty -g > /tmp/kapsel-e2e-stty-$env(KAPSEL_RUN_ID)", "true"));
  }

  @Test
  @Tag("open")
  void restoresTheTerminalWhenTheEngineDies() {
    expect(
        """
        spawn sh
        want {[#$] }
        send "$kapsel run -it --name crash ROOT /bin/sh\\r"
        want {# }
        send "kill -9 1; echo in''side\\r"
        want {inside}
        exec $kapsel kill crash
        want {[#$] }
        send "stty -a\\r"
        want { icanon}
        send "exit\\r"
        expect eof
        """);
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
