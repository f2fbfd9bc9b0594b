package io.kapsel.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SyscallTest {
  @Test
  void noTwoShareANumber() {
    for (Abi abi : Abi.values()) {
      Set<Integer> seen = new HashSet<>();
      Arrays.stream(Syscall.values())
          .mapToInt(call -> call.number(abi))
          .filter(number -> number >= 0)
          .forEach(number -> assertThat(seen.add(number)).as(abi + " " + number).isTrue());
    }
  }

  @Test
  void knownNumbersAreRight() {
    assertThat(Syscall.EXECVE.number(Abi.X86_64)).isEqualTo(59);
    assertThat(Syscall.EXECVE.number(Abi.AARCH64)).isEqualTo(221);
    assertThat(Syscall.EXECVE.number(Abi.I386)).isEqualTo(11);
    assertThat(Syscall.OPENAT2.number(Abi.AARCH64)).isEqualTo(437);
    assertThat(Syscall.OPEN.number(Abi.AARCH64)).isEqualTo(-1);
  }

  @Test
  void aLabelLeadsBack() {
    assertThat(Syscall.of("move_mount")).contains(Syscall.MOVE_MOUNT);
    assertThat(Syscall.of("nonsense")).isEmpty();
    assertThat(Syscall.MOVE_MOUNT.label()).isEqualTo("move_mount");
  }

  @Test
  void errorsHaveTheKernelsWords() {
    assertThat(Errno.EINVAL).hasToString("invalid argument (EINVAL)");
    assertThat(new Errno(2))
        .isEqualTo(Errno.ENOENT)
        .hasToString("no such file or directory (ENOENT)");
    assertThat(new Errno(4000)).hasToString("unknown error 4000 (E4000)");
  }
}
