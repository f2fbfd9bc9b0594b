package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The lines of the README, as a user types them. */
class FirstScreenIT extends EndToEnd {
  @Test
  void runsAShellInAViewOfTheHost() {
    Result result =
        kapsel("run", "--rm", "host:", "sh", "-c", "echo hello from $(hostname); id; ps ax").ok();

    assertThat(result.lines().getFirst()).matches("hello from [0-9a-f]{12}");
    assertThat(result.out()).contains("uid=0(root) gid=0(root)");
    assertThat(result.out()).containsPattern("(?m)^ *1 .* sh -c");
    assertThat(result.lines()).as("a process list of its own").hasSizeLessThan(8);
  }

  @Test
  void opensAShellOnATerminal() {
    new Expect(product)
        .run(
            """
            spawn $kapsel run -it --rm host: bash
            want {[#$] }
            send "echo on-\\$((40+2)); exit 7\\r"
            want {on-42}
            ends 7
            """);
  }

  @Test
  void servesInTheBackground() {
    String id =
        kapsel(
                "run",
                "-d",
                "--name",
                "web",
                "--memory",
                "64m",
                "--cpus",
                "0.5",
                "--pids-limit",
                "50",
                TestRoot.reference(),
                "/bin/httpd",
                "-f",
                "-v",
                "-p",
                "8080")
            .ok()
            .line();

    assertThat(id).matches("[0-9a-f]{64}");
    assertThat(kapsel("ps").ok().out()).contains(id.substring(0, 12), "web", "httpd");
    assertThat(
            kapsel("exec", "web", "/bin/wget", "-qO-", "http://127.0.0.1:8080/etc/group")
                .ok()
                .out())
        .contains("extra:x:2000:user");
    assertThat(kapsel("logs", "web").ok().exitCode()).isZero();
    assertThat(kapsel("stop", "web").ok().line()).isEqualTo("web");
    assertThat(kapsel("ps", "-q").ok().out()).isEmpty();
    assertThat(kapsel("ps", "-aq").ok().line()).isEqualTo(id.substring(0, 12));
    assertThat(kapsel("rm", "web").ok().line()).isEqualTo("web");
    assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
  }

  @Test
  void executesOnATerminalInARunningContainer() {
    kapsel("run", "-d", "--name", "web", TestRoot.reference(), "/bin/sleep", "100").ok();

    new Expect(product)
        .run(
            """
            spawn $kapsel exec -it web sh
            want {[#$] }
            send "tty; ps; exit 3\\r"
            want {/dev/pts/\\d+}
            want {sleep 100}
            ends 3
            """);
  }

  @Test
  void followsALog() throws Exception {
    kapsel(
            "run",
            "-d",
            "-i",
            "--name",
            "web",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "mkfifo /tmp/go; echo one; read x < /tmp/go; echo two $x")
        .ok();
    Process follower = product.command("logs", "-f", "web").start();
    var reader = follower.inputReader(StandardCharsets.UTF_8);

    assertThat(reader.readLine()).isEqualTo("one");
    kapsel("exec", "web", "/bin/sh", "-c", "echo now > /tmp/go");
    assertThat(reader.readLine()).isEqualTo("two now");
    assertThat(reader.readLine()).as("the log ends with the container").isNull();
    assertThat(follower.waitFor()).isZero();
  }

  @Test
  void explainsEveryCallWithoutMakingOne() {
    Result result = kapsel("explain", "run", "--rm", "host:", "true").ok();

    assertThat(result.out())
        .contains("clone(", "pivot_root", "mount_setattr", "seccomp", "exec(")
        .contains("uid_map");
    assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
    assertThat(kapsel("explain", "--json", "run", "--rm", "host:", "true").ok().out().strip())
        .startsWith("{")
        .endsWith("}");
  }

  @Test
  void saysWhatTheHostOffers() {
    Result result = kapsel("doctor");

    assertThat(result.exitCode()).isIn(0, 1);
    assertThat(result.out()).containsIgnoringCase("kernel").containsIgnoringCase("control groups");
    assertThat(result.err()).isEmpty();
  }
}
