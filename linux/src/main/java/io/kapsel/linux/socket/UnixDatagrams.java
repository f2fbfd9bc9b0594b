package io.kapsel.linux.socket;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** A socket with a path that takes messages from whoever may write to it; see unix(7). */
public final class UnixDatagrams implements AutoCloseable {
  private static final int DONT_WAIT = 0x40;
  private static final int NO_SIGNAL = 0x4000;

  private final Fd fd;

  private UnixDatagrams(Fd fd) {
    this.fd = fd;
  }

  /** Makes the socket at {@code path} with these permission bits, less the umask. */
  public static UnixDatagrams bind(String path, int mode) {
    return new UnixDatagrams(bound(path, mode));
  }

  static Fd bound(String path, int mode) {
    Fd fd = SocketCalls.open(SocketKind.DATAGRAMS);
    try {
      Kernel.check(Kernel.call(Syscall.FCHMOD, fd.number(), mode), Syscall.FCHMOD, path);
      UnixListener.bind(fd, path);
      return fd;
    } catch (RuntimeException | Error e) {
      fd.close();
      throw e;
    }
  }

  /** The next message of at most that many bytes, if there is one by now. */
  public Optional<byte[]> poll(int most) {
    try (Fd.Lease lease = fd.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment memory = scratch.buffer(most);
      long count =
          scratch.call(Syscall.RECVFROM, lease.number(), memory.address(), most, DONT_WAIT, 0, 0);
      if (count == -Errno.EAGAIN.number()) {
        return Optional.empty();
      }
      byte[] bytes = new byte[(int) Kernel.check(count, Syscall.RECVFROM, fd)];
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
      return Optional.of(bytes);
    }
  }

  /**
   * Sends one message to the socket of a path, or of a name that begins with {@code @}.
   *
   * @param sender the process that the receiver takes it to be from, which needs CAP_SYS_ADMIN
   */
  public static void send(String path, byte[] bytes, Credentials sender) {
    try (Fd socket = SocketCalls.open(SocketKind.DATAGRAMS);
        SocketAddress address = SocketAddress.of(path);
        Scratch scratch = Scratch.take()) {
      long to = address.in(scratch).address();
      long result = scratch.call(Syscall.CONNECT, socket.number(), to, address.length());
      Kernel.check(result, Syscall.CONNECT, path);
      MemorySegment memory = scratch.copy(bytes, 0, bytes.length);
      MessageHeader header = MessageHeader.from(scratch, memory, bytes.length, sender);
      long count =
          scratch.call(Syscall.SENDMSG, socket.number(), header.address(), DONT_WAIT | NO_SIGNAL);
      if (Kernel.check(count, Syscall.SENDMSG, path) != bytes.length) {
        throw new SyscallException("sendmsg", path, Errno.EMSGSIZE);
      }
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
