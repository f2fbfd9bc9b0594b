package io.kapsel.linux.socket;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.poll.Poller;

/** A listening socket with a path. Closing it leaves the path; whoever bound it removes it. */
public final class UnixListener implements AutoCloseable {
  private static final int BACKLOG = 128;
  private static final int SET_DESCRIPTOR_FLAGS = 2;
  private static final int SET_FLAGS = 4;

  private final Fd fd;

  private UnixListener(Fd fd) {
    this.fd = fd;
  }

  /**
   * Makes a socket at {@code path} with these permission bits (less the umask) and listens. The
   * socket never has other bits, not even for a moment. Fails with EADDRINUSE if the path exists.
   */
  public static UnixListener bind(String path, SocketKind kind, int mode) {
    Fd fd = SocketCalls.open(kind);
    try {
      Kernel.check(Kernel.call(Syscall.FCHMOD, fd.number(), mode), Syscall.FCHMOD, path);
      bind(fd, path);
      Kernel.check(Kernel.call(Syscall.LISTEN, fd.number(), BACKLOG), Syscall.LISTEN, path);
      return new UnixListener(fd);
    } catch (RuntimeException | Error e) {
      fd.close();
      throw e;
    }
  }

  /** Takes over a listening socket that this process was started with, by its number. */
  public static UnixListener inherited(int number) {
    Fd fd = Fd.adopt(number);
    Kernel.check(
        Kernel.call(Syscall.FCNTL, number, SET_FLAGS, SocketCalls.NON_BLOCKING), Syscall.FCNTL, fd);
    Kernel.check(Kernel.call(Syscall.FCNTL, number, SET_DESCRIPTOR_FLAGS, 1), Syscall.FCNTL, fd);
    return new UnixListener(fd);
  }

  /** Takes over a listening socket. */
  public static UnixListener of(Fd fd) {
    return new UnixListener(fd);
  }

  /** Its descriptor, which it goes on to own. */
  public Fd fd() {
    return fd;
  }

  /** Waits for the next connection. Fails with EBADF when the listener is closed meanwhile. */
  public Fd accept() {
    while (true) {
      long result;
      try (Fd.Lease lease = fd.lease();
          Scratch scratch = Scratch.take()) {
        int flags = SocketCalls.CLOSE_ON_EXEC | SocketCalls.NON_BLOCKING;
        result = scratch.call(Syscall.ACCEPT4, lease.number(), 0, 0, flags);
      }
      if (result == -Errno.EAGAIN.number()) {
        Poller.shared().await(fd, Poller.READ);
      } else if (result != -Errno.ECONNABORTED.number()) {
        return Fd.adopt((int) Kernel.check(result, Syscall.ACCEPT4, fd));
      }
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  static void bind(Fd fd, String path) {
    try (SocketAddress address = SocketAddress.of(path);
        Scratch scratch = Scratch.take()) {
      long memory = address.in(scratch).address();
      long result = scratch.call(Syscall.BIND, fd.number(), memory, address.length());
      Kernel.check(result, Syscall.BIND, path);
    }
  }
}
