package io.kapsel.linux.socket;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import java.util.concurrent.locks.LockSupport;

/** Connects to a listening socket; see connect(2). */
final class Connector {
  private static final int ATTEMPTS = 200;
  private static final long PAUSE_NANOS = 10_000_000;

  private Connector() {}

  static Fd connect(String path, SocketKind kind) {
    Fd fd = SocketCalls.open(kind);
    try (SocketAddress address = SocketAddress.of(path)) {
      connect(fd, address, path);
      return fd;
    } catch (RuntimeException | Error e) {
      fd.close();
      throw e;
    }
  }

  /** A full queue answers EAGAIN, and no event tells when it has room again. */
  private static void connect(Fd fd, SocketAddress address, String path) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      long result;
      try (Scratch scratch = Scratch.take()) {
        long memory = address.in(scratch).address();
        result = scratch.call(Syscall.CONNECT, fd.number(), memory, SocketAddress.SIZE);
      }
      if (result != -Errno.EAGAIN.number()) {
        Kernel.check(result, Syscall.CONNECT, path);
        return;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    throw new SyscallException("connect", path, Errno.ETIMEDOUT);
  }
}
