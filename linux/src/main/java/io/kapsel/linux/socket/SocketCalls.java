package io.kapsel.linux.socket;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.poll.Poller;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Sending and receiving. Every call says MSG_DONTWAIT, so that it does not matter whether the open
 * file, which another process may share, is blocking.
 */
final class SocketCalls {
  static final int UNIX = 1;
  static final int CLOSE_ON_EXEC = 0x80000;
  static final int NON_BLOCKING = 0x800;

  private static final int DONT_WAIT = 0x40;
  private static final int NO_SIGNAL = 0x4000;
  private static final int DESCRIPTORS_CLOSE_ON_EXEC = 0x40000000;
  private static final int CONTROL_TRUNCATED = 8;
  private static final int TRUNCATED = 0x20;
  private static final int SOL_SOCKET = 1;
  private static final int PEER_CREDENTIALS = 17;

  private SocketCalls() {}

  static Fd open(SocketKind kind) {
    long fd = Kernel.call(Syscall.SOCKET, UNIX, kind.number() | CLOSE_ON_EXEC | NON_BLOCKING);
    return Fd.adopt((int) Kernel.check(fd, Syscall.SOCKET, null));
  }

  static Fd[] pair(SocketKind kind) {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment ends = scratch.allocate(8);
      long result =
          scratch.call(Syscall.SOCKETPAIR, UNIX, kind.number() | CLOSE_ON_EXEC, 0, ends.address());
      Kernel.check(result, Syscall.SOCKETPAIR, null);
      return new Fd[] {
        Fd.adopt(ends.get(ValueLayout.JAVA_INT, 0)), Fd.adopt(ends.get(ValueLayout.JAVA_INT, 4))
      };
    }
  }

  /** Sends at least one byte of it, with all descriptors; how many bytes. */
  static int send(Fd socket, byte[] bytes, int from, int length, Fd... descriptors) {
    while (true) {
      long count = trySend(socket, bytes, from, length, descriptors);
      if (count != -Errno.EAGAIN.number()) {
        return (int) Kernel.check(count, Syscall.SENDMSG, socket);
      }
      Poller.shared().await(socket, Poller.WRITE);
    }
  }

  /** Waits for bytes; nothing at the end. */
  static Optional<Message> receive(Fd socket, int most) {
    boolean reset = false;
    while (true) {
      try (Fd.Lease lease = socket.lease();
          Scratch scratch = Scratch.take()) {
        MemorySegment memory = scratch.buffer(most);
        MessageHeader header = MessageHeader.of(scratch, memory, most, MessageHeader.MOST);
        long count =
            scratch.call(
                Syscall.RECVMSG,
                lease.number(),
                header.address(),
                DONT_WAIT | DESCRIPTORS_CLOSE_ON_EXEC);
        if (count == -Errno.ECONNRESET.number() && !reset) {
          reset = true; // said once, and before what the other side has sent until then
          continue;
        }
        if (count != -Errno.EAGAIN.number()) {
          return message(socket, header, memory, endOrCount(count, socket, Syscall.RECVMSG));
        }
      }
      Poller.shared().await(socket, Poller.READ);
    }
  }

  /** Waits for bytes without descriptors; -1 at the end. */
  static int read(Fd socket, byte[] bytes, int from, int length) {
    while (true) {
      try (Fd.Lease lease = socket.lease();
          Scratch scratch = Scratch.take()) {
        MemorySegment memory = scratch.buffer(length);
        long count =
            scratch.call(
                Syscall.RECVFROM, lease.number(), memory.address(), length, DONT_WAIT, 0, 0);
        if (count != -Errno.EAGAIN.number()) {
          int read = endOrCount(count, socket, Syscall.RECVFROM);
          MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, bytes, from, read);
          return read == 0 && length > 0 ? -1 : read;
        }
      }
      Poller.shared().await(socket, Poller.READ);
    }
  }

  static void shutdown(Fd socket, int how) {
    try (Fd.Lease lease = socket.lease()) {
      long result = Kernel.call(Syscall.SHUTDOWN, lease.number(), how);
      if (result != -Errno.ENOTCONN.number()) { // the other side was faster
        Kernel.check(result, Syscall.SHUTDOWN, socket);
      }
    }
  }

  static Credentials peer(Fd socket) {
    try (Fd.Lease lease = socket.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment answer = scratch.allocate(Credentials.SIZE);
      MemorySegment size = scratch.allocate(4);
      size.set(ValueLayout.JAVA_INT, 0, Credentials.SIZE);
      long result =
          scratch.call(
              Syscall.GETSOCKOPT,
              lease.number(),
              SOL_SOCKET,
              PEER_CREDENTIALS,
              answer.address(),
              size.address());
      Kernel.check(result, Syscall.GETSOCKOPT, socket);
      return new Credentials(
          answer.get(ValueLayout.JAVA_INT, 0),
          answer.get(ValueLayout.JAVA_INT, 4),
          answer.get(ValueLayout.JAVA_INT, 8));
    }
  }

  private static long trySend(Fd socket, byte[] bytes, int from, int length, Fd... descriptors) {
    List<Fd.Lease> leases = new ArrayList<>(descriptors.length);
    try (Fd.Lease lease = socket.lease();
        Scratch scratch = Scratch.take()) {
      for (Fd each : descriptors) {
        leases.add(each.lease());
      }
      MemorySegment memory = scratch.copy(bytes, from, length);
      MessageHeader header = MessageHeader.of(scratch, memory, length, descriptors.length);
      if (descriptors.length > 0) {
        header.attach(leases);
      }
      return scratch.call(Syscall.SENDMSG, lease.number(), header.address(), DONT_WAIT | NO_SIGNAL);
    } finally {
      leases.forEach(Fd.Lease::close);
    }
  }

  /** A peer that vanished with unread data resets the connection: for a reader, that is the end. */
  private static int endOrCount(long count, Fd socket, Syscall call) {
    if (count == -Errno.ECONNRESET.number()) {
      return 0;
    }
    return (int) Kernel.check(count, call, socket);
  }

  private static Optional<Message> message(
      Fd socket, MessageHeader header, MemorySegment memory, int count) {
    List<Fd> descriptors = header.descriptors();
    if ((header.flags() & (CONTROL_TRUNCATED | TRUNCATED)) != 0) {
      descriptors.forEach(Fd::close);
      throw new SyscallException("recvmsg", socket, Errno.EMSGSIZE);
    }
    if (count == 0 && descriptors.isEmpty()) {
      return Optional.empty();
    }
    byte[] bytes = new byte[count];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, bytes, 0, count);
    return Optional.of(new Message(bytes, descriptors));
  }
}
