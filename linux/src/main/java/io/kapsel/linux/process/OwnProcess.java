package io.kapsel.linux.process;

import io.kapsel.linux.Kernel;
import io.kapsel.linux.RawText;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Where other processes, too, find this one in the mounted proc. */
final class OwnProcess {
  /**
   * Such as {@code /proc/4711}. A child that has closed what it does not need executes a program by
   * our descriptor, and {@code /proc/self} would be its own.
   */
  static final String PATH = "/proc/" + read();

  private OwnProcess() {}

  private static String read() {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment text = scratch.buffer(32);
      long length =
          scratch.call(Syscall.READLINKAT, -100, scratch.text("/proc/self"), text.address(), 32);
      Kernel.check(length, Syscall.READLINKAT, "/proc/self");
      return RawText.decode(text.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
    }
  }
}
