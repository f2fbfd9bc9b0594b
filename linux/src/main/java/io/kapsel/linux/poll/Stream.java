package io.kapsel.linux.poll;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A pipe, a terminal or a socket as a flow of bytes. Whoever must wait is parked. */
public final class Stream implements AutoCloseable {
  private static final int GET_FLAGS = 3;
  private static final int SET_FLAGS = 4;
  private static final int NON_BLOCKING = 0x800;
  private static final int CLOSE_ON_EXEC = 0x80000;
  private static final int CHUNK = 64 * 1024;

  private final Fd fd;

  private Stream(Fd fd) {
    this.fd = fd;
  }

  /**
   * Takes over a descriptor and makes it non-blocking. That is a property of the open file: who
   * shares it gets EAGAIN, too, so never do it to descriptors that others lent us.
   */
  public static Stream of(Fd fd) {
    long flags = Kernel.check(Kernel.call(Syscall.FCNTL, fd.number(), GET_FLAGS), "fcntl", fd);
    if ((flags & NON_BLOCKING) == 0) {
      long result = Kernel.call(Syscall.FCNTL, fd.number(), SET_FLAGS, flags | NON_BLOCKING);
      Kernel.check(result, "fcntl", fd);
    }
    return new Stream(fd);
  }

  /** A new pipe; see pipe2(2). Both ends are close-on-exec and, given to others, blocking. */
  public static Pipe pipe() {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment ends = scratch.allocate(8);
      long result = scratch.call(Syscall.PIPE2, ends.address(), CLOSE_ON_EXEC);
      Kernel.check(result, Syscall.PIPE2, null);
      return new Pipe(
          Fd.adopt(ends.get(ValueLayout.JAVA_INT, 0)), Fd.adopt(ends.get(ValueLayout.JAVA_INT, 4)));
    }
  }

  /** The two ends of a pipe. */
  public record Pipe(Fd reader, Fd writer) {}

  /** Its descriptor, which it goes on to own. */
  public Fd fd() {
    return fd;
  }

  /**
   * Reads what is there, at least one byte; -1 at the end. The end of a terminal is an end, too.
   */
  public int read(byte[] bytes, int from, int length) {
    int wanted = Math.min(length, CHUNK);
    while (true) {
      long count = tryRead(bytes, from, wanted);
      if (count == -Errno.EIO.number()) {
        return -1; // a pseudo terminal whose other side is closed
      }
      if (count != -Errno.EAGAIN.number()) {
        int read = (int) Kernel.check(count, Syscall.READ, fd);
        return read == 0 && length > 0 ? -1 : read;
      }
      Poller.shared().await(fd, Poller.READ);
    }
  }

  /** Writes all of it. */
  public void write(byte[] bytes, int from, int length) {
    int done = 0;
    while (done < length) {
      long count = tryWrite(bytes, from + done, Math.min(length - done, CHUNK));
      if (count == -Errno.EAGAIN.number()) {
        Poller.shared().await(fd, Poller.WRITE);
      } else {
        done += (int) Kernel.check(count, Syscall.WRITE, fd);
      }
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  private long tryRead(byte[] bytes, int from, int length) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment memory = scratch.buffer(length);
      long count = scratch.call(Syscall.READ, lease.number(), memory.address(), length);
      if (count > 0) {
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, bytes, from, (int) count);
      }
      return count;
    }
  }

  private long tryWrite(byte[] bytes, int from, int length) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      long memory = scratch.copy(bytes, from, length).address();
      return scratch.call(Syscall.WRITE, lease.number(), memory, length);
    }
  }
}
