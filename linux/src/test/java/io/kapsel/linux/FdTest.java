package io.kapsel.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FdTest {
  private static final int EFD_CLOEXEC = 0x80000;

  private static Fd open() {
    long fd = Kernel.call(Syscall.EVENTFD2, 0, EFD_CLOEXEC);
    return Fd.adopt((int) Kernel.check(fd, Syscall.EVENTFD2, null));
  }

  private static boolean isOpen(int number) {
    return !Kernel.failed(Kernel.call(Syscall.FCNTL, number, 1));
  }

  @Test
  void closesOnceHoweverOftenItIsAsked() {
    Fd fd = open();
    int number = fd.number();
    fd.close();
    assertThat(isOpen(number)).isFalse();
    Fd other = open();
    fd.close();
    assertThat(other.number()).isEqualTo(number);
    assertThat(isOpen(number)).isTrue();
    other.close();
  }

  @Test
  void aLeaseKeepsTheNumberUntilItEnds() {
    Fd fd = open();
    int number = fd.number();
    try (Fd.Lease lease = fd.lease()) {
      fd.close();
      assertThat(fd.closed()).isTrue();
      assertThat(isOpen(lease.number())).isTrue();
    }
    assertThat(isOpen(number)).isFalse();
  }

  @Test
  void aClosedOneCannotBeUsed() {
    Fd fd = open();
    int number = fd.number();
    fd.close();
    assertThatThrownBy(fd::lease).hasMessage("fd '" + number + "': bad file descriptor (EBADF)");
    assertThatThrownBy(fd::number).isInstanceOf(SyscallException.class);
  }

  @Test
  void aCopyIsCloseOnExecAndLivesOn() {
    Fd fd = open();
    Fd copy = fd.duplicate(100);
    fd.close();
    assertThat(copy.number()).isGreaterThanOrEqualTo(100);
    assertThat(Kernel.call(Syscall.FCNTL, copy.number(), 1)).isEqualTo(1);
    copy.close();
  }

  @Test
  void tellsOfItsCloseOnce() {
    AtomicInteger told = new AtomicInteger();
    Fd fd = open();
    fd.onClose(_ -> told.incrementAndGet());
    fd.close();
    fd.close();
    assertThat(told).hasValue(1);
  }

  @Test
  void countsWhatIsOpen() {
    long before = Fd.openCount();
    Fd fd = open();
    assertThat(Fd.openCount()).isEqualTo(before + 1);
    fd.close();
    assertThat(Fd.openCount()).isEqualTo(before);
  }

  @Test
  void theWorkingDirectoryIsNeverClosed() {
    Fd.CWD.close();
    assertThat(Fd.CWD.closed()).isFalse();
    assertThat(Fd.CWD.number()).isEqualTo(-100);
  }
}
