package io.kapsel.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class KernelTest {
  @Test
  void callsTheKernel() {
    assertThat(Kernel.call(Syscall.GETPID)).isEqualTo(ProcessHandle.current().pid());
  }

  @Test
  void answersWithTheNegativeErrno() {
    assertThat(Kernel.call(Syscall.CLOSE, -1)).isEqualTo(-9);
    assertThat(Kernel.errno(-9)).isEqualTo(Errno.EBADF);
  }

  @Test
  void saysWhatFailedOnWhatAndWhy() {
    try (Scratch scratch = Scratch.take()) {
      long result = scratch.call(Syscall.OPENAT, -100, scratch.text("/no/such"), 0);
      assertThatThrownBy(() -> Kernel.check(result, Syscall.OPENAT, "/no/such"))
          .isInstanceOf(SyscallException.class)
          .hasMessage("openat '/no/such': no such file or directory (ENOENT)");
    }
  }

  @Test
  void aCallThatTheArchitectureLacksIsNotImplemented() {
    assertThat(Kernel.call(Syscall.MMAP2)).isEqualTo(-38);
  }

  @Test
  void memoryIsZeroedAndBigRequestsAreServedToo() {
    for (int round = 0; round < 2; round++) {
      try (Scratch scratch = Scratch.take()) {
        var small = scratch.allocate(24);
        assertThat(small.get(ValueLayout.JAVA_LONG, 16)).isZero();
        small.fill((byte) 7);
        var big = scratch.allocate(1 << 20);
        assertThat(big.get(ValueLayout.JAVA_LONG, 1 << 19)).isZero();
        assertThat(small.address() % 8).isZero();
      }
    }
  }

  @Test
  void refusesNulInText() {
    try (Scratch scratch = Scratch.take()) {
      assertThatThrownBy(() -> scratch.text("a\0b")).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void blocksAreNeverSharedBetweenThreads() throws InterruptedException {
    Thread[] threads = new Thread[32];
    boolean[] good = new boolean[threads.length];
    for (int i = 0; i < threads.length; i++) {
      int mine = i;
      threads[i] = Thread.ofVirtual().start(() -> good[mine] = keepsItsOwn(mine));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(good).doesNotContain(false);
  }

  private static boolean keepsItsOwn(int mine) {
    for (int round = 0; round < 200; round++) {
      try (Scratch scratch = Scratch.take()) {
        var word = scratch.allocate(8);
        word.set(ValueLayout.JAVA_LONG, 0, mine);
        Thread.yield();
        if (word.get(ValueLayout.JAVA_LONG, 0) != mine) {
          return false;
        }
      }
    }
    return true;
  }
}
