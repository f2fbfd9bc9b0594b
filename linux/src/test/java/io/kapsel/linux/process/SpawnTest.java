package io.kapsel.linux.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.poll.Stream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SpawnTest {
  private long before;

  @BeforeEach
  void count() {
    io.kapsel.linux.poll.Poller.shared();
    before = Fd.openCount();
  }

  @AfterEach
  void nothingLeaks() {
    assertThat(Fd.openCount()).isEqualTo(before);
  }

  private static Spawn shell(String script) {
    return Spawn.path("/bin/sh").arguments(List.of("sh", "-c", script));
  }

  private static String output(Spawn spawn) {
    Stream.Pipe pipe = Stream.pipe();
    try (Stream in = Stream.of(pipe.reader());
        Child child = start(spawn.descriptor(1, pipe.writer()), pipe.writer())) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      byte[] buffer = new byte[4096];
      for (int n; (n = in.read(buffer, 0, buffer.length)) >= 0; ) {
        out.write(buffer, 0, n);
      }
      assertThat(child.await()).isEqualTo(WaitStatus.exited(0));
      return out.toString(StandardCharsets.UTF_8);
    }
  }

  private static Child start(Spawn spawn, Fd toClose) {
    try (toClose) {
      return spawn.start();
    }
  }

  @Test
  void tellsTheExitCode() {
    try (Child child = shell("exit 7").start()) {
      assertThat(child.await()).isEqualTo(WaitStatus.exited(7));
      assertThat(child.await().code()).isEqualTo(7);
      assertThat(child.process().signal(15)).isFalse();
    }
  }

  @Test
  void tellsTheSignal() {
    try (Child child = shell("kill -TERM $$; sleep 60").start()) {
      assertThat(child.await()).isEqualTo(WaitStatus.killed(15, false));
      assertThat(child.await().code()).isEqualTo(143);
    }
  }

  @Test
  void theEnvironmentIsWhatWasGivenAndNothingElse() {
    assertThat(output(Spawn.path("/usr/bin/env").arguments(List.of("env")))).isEmpty();
    assertThat(
            output(
                Spawn.path("/usr/bin/env").arguments(List.of("env")).environment(List.of("A=b"))))
        .isEqualTo("A=b\n");
  }

  @Test
  void descriptorsAreThoseNamedAndNoOther() {
    try (Fd given = Memfd.sealed("given", new byte[1]);
        Fd other = given.duplicate(50)) {
      assertThat(other.number()).isGreaterThanOrEqualTo(50);
      Spawn spawn =
          Spawn.path("/bin/ls").arguments(List.of("ls", "/proc/self/fd/")).descriptor(5, given);
      // ls itself opens the directory with the lowest free number, 3
      assertThat(output(spawn)).isEqualTo("0\n1\n2\n3\n5\n");
    }
  }

  @Test
  void numbersMayBeSwapped() {
    try (Fd three = Memfd.sealed("three", "3".getBytes(StandardCharsets.UTF_8));
        Fd four = Memfd.sealed("four", "4".getBytes(StandardCharsets.UTF_8))) {
      int low = three.number();
      int high = four.number();
      Spawn spawn =
          shell("cat /proc/self/fd/" + low + " /proc/self/fd/" + high)
              .environment(List.of("PATH=/bin:/usr/bin"))
              .descriptor(low, four)
              .descriptor(high, three);
      assertThat(output(spawn)).isEqualTo("43");
    }
  }

  @Test
  void runsAProgramThatIsOnlyAnOpenFile() throws Exception {
    byte[] program = Files.readAllBytes(Path.of("/bin/echo"));
    try (Fd fd = Memfd.executable("echo", program)) {
      assertThat(output(Spawn.program(fd).arguments(List.of("echo", "hello", "wörld"))))
          .isEqualTo("hello wörld\n");
    }
  }

  @Test
  void signalsAreAsAfterBirth() {
    String script =
        "while read -r name value; do case $name in Sig[BI]*) echo $name$value;; esac; done"
            + " < /proc/self/status";
    assertThat(output(shell(script)))
        .isEqualTo("SigBlk:0000000000000000\nSigIgn:0000000000000000\n");
  }

  @Test
  void leadsASessionOfItsOwn() {
    String script =
        "read -r pid name state ppid group session rest < /proc/$$/stat; echo $pid $session";
    String[] own = output(shell(script).session()).trim().split(" ");
    assertThat(own[0]).isEqualTo(own[1]);
    String[] ours = output(shell(script)).trim().split(" ");
    assertThat(ours[0]).isNotEqualTo(ours[1]);
  }

  @Test
  void aMissingProgramIsAnError() {
    assertThatThrownBy(() -> Spawn.path("/no/such").arguments(List.of("such")).start())
        .isInstanceOf(SyscallException.class)
        .hasMessage("posix_spawn 'such': no such file or directory (ENOENT)");
  }

  @Test
  void isKilledByItsDescriptor() {
    try (Child child = shell("exec sleep 60").environment(List.of("PATH=/bin:/usr/bin")).start()) {
      assertThat(child.process().alive()).isTrue();
      assertThat(child.await(Duration.ofMillis(10))).isEmpty();
      assertThat(child.process().signal(9)).isTrue();
      assertThat(child.await().signal()).isEqualTo(9);
      assertThat(child.process().alive()).isFalse();
    }
  }

  @Test
  void aNumberWithoutProcessCannotBeOpened() {
    assertThatThrownBy(() -> Pidfd.open(0x3fffff)).hasMessageContaining("ESRCH");
  }
}
