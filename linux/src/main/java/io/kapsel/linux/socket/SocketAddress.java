package io.kapsel.linux.socket;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.RawText;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The structure sockaddr_un of a path. It has room for 107 bytes; a longer path is reached by way
 * of a descriptor for its directory, which closing the address closes.
 */
final class SocketAddress implements AutoCloseable {
  static final int SIZE = 110;
  private static final int PATH = 2;
  private static final int MOST = SIZE - PATH - 1;
  private static final int DIRECTORY = 0x200000 | 0x80000; // O_PATH, O_CLOEXEC

  private final byte[] path;
  private final @Nullable Fd directory;

  private SocketAddress(byte[] path, @Nullable Fd directory) {
    this.path = path;
    this.directory = directory;
  }

  /** A path, or a name without one that begins with {@code @}. */
  static SocketAddress of(String path) {
    byte[] bytes = RawText.encode(path);
    if (path.startsWith("@") && bytes.length <= MOST) {
      bytes[0] = 0;
    }
    if (bytes.length <= MOST) {
      return new SocketAddress(bytes, null);
    }
    int slash = path.lastIndexOf('/');
    Fd directory = open(slash <= 0 ? "/" : path.substring(0, slash));
    byte[] shorter = RawText.encode("/proc/self/fd/" + directory.number() + path.substring(slash));
    if (slash < 0 || shorter.length > MOST) {
      directory.close();
      throw new SyscallException("bind", path, Errno.ENAMETOOLONG);
    }
    return new SocketAddress(shorter, directory);
  }

  MemorySegment in(Scratch scratch) {
    MemorySegment address = scratch.allocate(SIZE);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) SocketCalls.UNIX);
    MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, PATH, path.length);
    return address;
  }

  /** How much of the structure counts: a name without a path has no end of its own. */
  int length() {
    return path.length > 0 && path[0] == 0 ? PATH + path.length : SIZE;
  }

  @Override
  public void close() {
    if (directory != null) {
      directory.close();
    }
  }

  private static Fd open(String path) {
    try (Scratch scratch = Scratch.take()) {
      long fd = scratch.call(Syscall.OPENAT, -100, scratch.text(path), DIRECTORY);
      return Fd.adopt((int) Kernel.check(fd, Syscall.OPENAT, path));
    }
  }
}
