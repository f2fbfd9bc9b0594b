package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Without a terminal the three streams are separate and binary-clean, and each ends by itself. */
class StreamsIT extends EndToEnd {
  @Test
  void outputAndErrorAreSeparate() {
    Result result = run("/bin/sh", "-c", "echo out; echo err >&2");

    assertThat(result.out()).isEqualTo("out\n");
    assertThat(result.err()).isEqualTo("err\n");
  }

  @Test
  void everyByteComesBack() {
    byte[] bytes = new byte[1 << 20];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 7 + i / 256);
    }

    Result result =
        product
            .command("run", "--rm", "-i", TestRoot.reference(), "/bin/cat")
            .input(bytes)
            .run()
            .ok();

    assertThat(result.stdout()).isEqualTo(bytes);
    assertThat(result.err()).isEmpty();
  }

  @Test
  void theEndOfInputReachesTheProcess() {
    Result result = product.command("run", "-i", "--rm", "host:", "cat").input("hi\n").run().ok();

    assertThat(result.out()).isEqualTo("hi\n");
  }

  @Test
  void withoutInteractiveTheInputIsEmpty() {
    Result result =
        product
            .command("run", "--rm", TestRoot.reference(), "/bin/wc", "-c")
            .input("text")
            .run()
            .ok();

    assertThat(result.line()).isEqualTo("0");
  }

  /** What the container has put in its /dev is nobody's input. */
  @Test
  void withoutInteractiveTheInputOfExecIsEmptyWhereverItsDevIs() {
    List<String> words = List.of("run", "-d", "--name", "elsewhere", "--privileged");
    List<String> all = new ArrayList<>(words);
    String script = "mount -t tmpfs none /dev; echo planted >/dev/null; touch /ready; sleep 1000";
    all.addAll(List.of(TestRoot.reference(), "/bin/sh", "-c", script));
    kapsel(all.toArray(String[]::new)).ok();
    Await.until(
        "its /dev is another one",
        () -> kapsel("exec", "elsewhere", "/bin/test", "-e", "/ready").exitCode() == 0);

    assertThat(kapsel("exec", "elsewhere", "/bin/cat").ok().out()).isEmpty();
    assertThat(kapsel("exec", "elsewhere", "/bin/cat", "/dev/null").ok().line())
        .isEqualTo("planted");
  }

  @Test
  void muchOutputArrivesWhole() {
    Result result = run("/bin/probe", "burn", "output", "64");

    assertThat(result.stdout()).hasSize(64 << 20);
  }

  @Test
  void aReaderThatLeavesDoesNotHangAnybody() {
    Result result =
        product
            .environment(
                Command.of(
                    "sh",
                    "-c",
                    Product.DIST.resolve("bin/kapsel")
                        + " run --rm "
                        + TestRoot.reference()
                        + " /bin/probe burn output 8 | head -c 10 | wc -c"))
            .run()
            .ok();

    assertThat(result.line()).isEqualTo("10");
    Await.until("the container ends", () -> kapsel("ps", "-aq").ok().out().isEmpty());
  }

  @Test
  void aSlowReaderIsWaitedForAndLosesNothing() throws Exception {
    Process process =
        product
            .command("run", "--rm", TestRoot.reference(), "/bin/probe", "burn", "output", "4")
            .start();
    process.getOutputStream().close();
    try (InputStream out = process.getInputStream()) {
      long count = out.readNBytes(1000).length;
      assertThat(kapsel("ps", "-q").ok().lines()).hasSize(1);
      count += out.transferTo(java.io.OutputStream.nullOutputStream());
      assertThat(count).isEqualTo(4L << 20);
    }
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void logsKeepTheStreamsApart() {
    kapsel(
            "run",
            "-d",
            "--name",
            "log",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "echo out; echo err >&2")
        .ok();
    kapsel("wait", "log").ok();
    Result logs = kapsel("logs", "log").ok();

    assertThat(logs.out()).isEqualTo("out\n");
    assertThat(logs.err()).isEqualTo("err\n");
  }

  @Test
  void logsCanBeCutAndDated() {
    kapsel("run", "-d", "--name", "log", TestRoot.reference(), "/bin/seq", "1", "20").ok();
    kapsel("wait", "log").ok();

    assertThat(kapsel("logs", "--tail", "2", "log").ok().out()).isEqualTo("19\n20\n");
    assertThat(kapsel("logs", "-t", "--tail", "1", "log").ok().line())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d+Z 20");
  }

  @Test
  void twoClientsSeeTheSameOutput() throws Exception {
    kapsel(
            "run",
            "-d",
            "-i",
            "--name",
            "two",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "mkfifo /tmp/go; read x < /tmp/go; echo hello")
        .ok();
    List<Process> clients =
        List.of(
            product.command("attach", "--no-stdin", "two").start(),
            product.command("attach", "--no-stdin", "two").start());
    Await.until("both are attached", () -> attached() >= 2);
    kapsel("exec", "two", "/bin/sh", "-c", "echo > /tmp/go");

    for (Process client : clients) {
      String seen = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(seen).isEqualTo("hello\n");
      assertThat(client.waitFor()).isZero();
    }
  }

  /** The clients of this engine that have sent their request and wait. */
  private static long attached() {
    return HostFiles.pids().stream()
        .filter(pid -> HostFiles.read("/proc/" + pid + "/cmdline").contains("attach\0--no-stdin"))
        .filter(
            pid -> HostFiles.read("/proc/" + pid + "/environ").contains(product.run().toString()))
        .filter(pid -> HostFiles.read("/proc/" + pid + "/wchan").contains("poll"))
        .count();
  }
}
