package io.kapsel.linux.socket;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.poll.Poller;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Datagrams of IPv4 that come in by one link and go out by it, to everybody on it, too; see
 * SO_BINDTODEVICE in socket(7).
 */
public final class LinkDatagrams implements AutoCloseable {
  private static final int INTERNET = 2;
  private static final int DATAGRAM = 2;
  private static final int SOL_SOCKET = 1;
  private static final int REUSE_ADDRESS = 2;
  private static final int BROADCAST = 6;
  private static final int BIND_TO_LINK = 25;
  private static final int DONT_WAIT = 0x40;
  private static final int ADDRESS = 16;
  private static final int LONGEST = 2048;

  private final Fd fd;

  private LinkDatagrams(Fd fd) {
    this.fd = fd;
  }

  /** Opens a port on that link. */
  public static LinkDatagrams open(String link, int port) {
    int kind = DATAGRAM | SocketCalls.CLOSE_ON_EXEC | SocketCalls.NON_BLOCKING;
    Fd fd =
        Fd.adopt(
            (int)
                Kernel.check(Kernel.call(Syscall.SOCKET, INTERNET, kind, 0), Syscall.SOCKET, link));
    boolean open = false;
    try (Scratch scratch = Scratch.take()) {
      byte[] on = {1, 0, 0, 0};
      option(scratch, fd, REUSE_ADDRESS, on);
      option(scratch, fd, BROADCAST, on);
      option(scratch, fd, BIND_TO_LINK, link.getBytes(StandardCharsets.UTF_8));
      MemorySegment address = scratch.copy(address(new byte[4], port));
      Kernel.check(
          scratch.call(Syscall.BIND, fd.number(), address.address(), ADDRESS), Syscall.BIND, link);
      open = true;
      return new LinkDatagrams(fd);
    } finally {
      if (!open) {
        fd.close();
      }
    }
  }

  private static void option(Scratch scratch, Fd fd, int name, byte[] value) {
    MemorySegment memory = scratch.copy(value);
    long result =
        scratch.call(
            Syscall.SETSOCKOPT, fd.number(), SOL_SOCKET, name, memory.address(), value.length);
    Kernel.check(result, Syscall.SETSOCKOPT, "option " + name);
  }

  private static byte[] address(byte[] ip, int port) {
    return ByteBuffer.allocate(ADDRESS)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort((short) INTERNET)
        .order(ByteOrder.BIG_ENDIAN)
        .putShort((short) port)
        .put(ip)
        .array();
  }

  /** Waits for the next one. Fails when this is closed. */
  public ByteBuffer receive() {
    while (true) {
      Optional<ByteBuffer> next = next();
      if (next.isPresent()) {
        return next.get();
      }
      int _ = Poller.shared().await(fd, Poller.READ);
    }
  }

  private Optional<ByteBuffer> next() {
    try (Scratch scratch = Scratch.take();
        Fd.Lease lease = fd.lease()) {
      MemorySegment memory = scratch.buffer(LONGEST);
      long count =
          scratch.call(
              Syscall.RECVFROM, lease.number(), memory.address(), LONGEST, DONT_WAIT, 0, 0);
      if (count == -Errno.EAGAIN.number()) {
        return Optional.empty();
      }
      Kernel.check(count, Syscall.RECVFROM, fd);
      return Optional.of(ByteBuffer.wrap(memory.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE)));
    }
  }

  /** Sends one. */
  public void send(byte[] bytes, InetAddress to, int port) {
    try (Scratch scratch = Scratch.take();
        Fd.Lease lease = fd.lease()) {
      MemorySegment data = scratch.copy(bytes);
      MemorySegment address = scratch.copy(address(to.getAddress(), port));
      long sent =
          scratch.call(
              Syscall.SENDTO,
              lease.number(),
              data.address(),
              bytes.length,
              DONT_WAIT,
              address.address(),
              ADDRESS);
      Kernel.check(sent, Syscall.SENDTO, to.getHostAddress());
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
