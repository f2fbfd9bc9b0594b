package io.kapsel.linux.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MemfdTest {
  @Test
  void holdsItsContentAndCannotChange() throws Exception {
    byte[] content = new byte[300_000];
    new SplittableRandom(1).nextBytes(content);
    try (Fd fd = Memfd.sealed("content", content);
        Scratch scratch = Scratch.take()) {
      assertThat(Files.readAllBytes(Path.of("/proc/self/fd/" + fd.number()))).isEqualTo(content);
      long written = scratch.call(Syscall.PWRITE64, fd.number(), scratch.text("x"), 1, 0);
      assertThat(Kernel.errno(written)).isEqualTo(Errno.EPERM);
      assertThat(Kernel.errno(Kernel.call(Syscall.FTRUNCATE, fd.number(), 0)))
          .isEqualTo(Errno.EPERM);
      assertThat(Memfd.seals(fd) & Memfd.ALL_SEALS).isEqualTo(Memfd.ALL_SEALS);
    }
  }

  @Test
  void oneThatIsNoProgramIsNotExecutable() {
    try (Fd fd = Memfd.sealed("content", new byte[1])) {
      if ((Memfd.seals(fd) & 32) != 0) { // the kernel knows F_SEAL_EXEC
        assertThat(Kernel.errno(Kernel.call(Syscall.FCHMOD, fd.number(), 0777)))
            .isEqualTo(Errno.EPERM);
      }
    }
  }
}
