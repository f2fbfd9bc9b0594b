package io.kapsel.linux.socket;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.poll.Poller;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A socket with a path that takes single messages and knows who sent each; see SO_PASSCRED in
 * unix(7). What is sent along is closed.
 */
public final class DatagramListener implements AutoCloseable {
  private static final int SOL_SOCKET = 1;
  private static final int PASS_CREDENTIALS = 16;
  private static final int DONT_WAIT = 0x40;
  private static final int DESCRIPTORS_CLOSE_ON_EXEC = 0x40000000;
  private static final int LONGEST = 4096;

  private final Fd fd;

  private DatagramListener(Fd fd) {
    this.fd = fd;
  }

  /** A message as text, cut to 4,096 bytes, and its sender as the kernel vouches for it. */
  public record Datagram(String text, Credentials sender) {}

  /** Makes a socket at {@code path} with these permission bits. Fails if the path exists. */
  public static DatagramListener bind(String path, int mode) {
    Fd fd = UnixDatagrams.bound(path, mode);
    try (Scratch scratch = Scratch.take()) {
      MemorySegment on = scratch.allocate(4);
      on.set(ValueLayout.JAVA_INT, 0, 1);
      Kernel.check(
          scratch.call(
              Syscall.SETSOCKOPT, fd.number(), SOL_SOCKET, PASS_CREDENTIALS, on.address(), 4),
          Syscall.SETSOCKOPT,
          path);
      return new DatagramListener(fd);
    } catch (RuntimeException | Error e) {
      fd.close();
      throw e;
    }
  }

  /** Waits for the next message that says who sent it. Fails with EBADF when this is closed. */
  public Datagram receive() {
    while (true) {
      Optional<Datagram> next = next();
      if (next.isPresent()) {
        return next.get();
      }
    }
  }

  private Optional<Datagram> next() {
    long count;
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment memory = scratch.buffer(LONGEST);
      MessageHeader header =
          MessageHeader.of(scratch, memory, LONGEST, MessageHeader.MOST + Credentials.SIZE);
      count =
          scratch.call(
              Syscall.RECVMSG,
              lease.number(),
              header.address(),
              DONT_WAIT | DESCRIPTORS_CLOSE_ON_EXEC);
      if (count != -Errno.EAGAIN.number()) {
        Kernel.check(count, Syscall.RECVMSG, fd);
        header.descriptors().forEach(Fd::close);
        byte[] bytes = memory.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
        return header
            .credentials()
            .map(sender -> new Datagram(new String(bytes, StandardCharsets.UTF_8), sender));
      }
    }
    int _ = Poller.shared().await(fd, Poller.READ);
    return Optional.empty();
  }

  @Override
  public void close() {
    fd.close();
  }
}
