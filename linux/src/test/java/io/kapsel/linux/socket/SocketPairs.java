package io.kapsel.linux.socket;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.nio.file.Path;

/** Descriptors for tests. */
public final class SocketPairs {
  private SocketPairs() {}

  public static Fd[] stream() {
    return SocketCalls.pair(SocketKind.STREAM);
  }

  public static Fd open(Path path) {
    try (Scratch scratch = Scratch.take()) {
      long fd = scratch.call(Syscall.OPENAT, -100, scratch.text(path.toString()), 0x80002);
      return Fd.adopt((int) Kernel.check(fd, Syscall.OPENAT, path));
    }
  }
}
