package io.kapsel.linux.netlink;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.poll.Poller;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A socket to the kernel of the network namespace in which it was opened; see netlink(7). It goes
 * on to belong to that namespace wherever it is used.
 */
public final class NetlinkSocket implements AutoCloseable {
  private static final int NETLINK = 16;
  private static final int ADDRESS = 12;
  private static final int RAW = 3;
  private static final int CLOSE_ON_EXEC = 0x80000;
  private static final int DONT_WAIT = 0x40;
  private static final int ROUTE = 0;
  private static final int NETFILTER = 12;
  private static final int SOL_SOCKET = 1;
  private static final int SEND_BUFFER = 32;
  private static final int RECEIVE_BUFFER = 33;
  private static final int SOL_NETLINK = 270;
  private static final int MEMBERSHIP = 1;
  private static final int SHORT_ACK = 10;
  private static final int EXTENDED_ACK = 11;
  private static final int BUFFER = 64 * 1024;
  private static final int LARGE = 32 << 20;
  private static final int NONE = 1;
  private static final int ERROR = 2;
  private static final int DONE = 3;
  private static final int FLAG_WORDS = 0x200;
  private static final int MESSAGE = 1;

  private final Fd fd;
  private final ReentrantLock asking = new ReentrantLock();
  private int sequence;

  private NetlinkSocket(Fd fd) {
    this.fd = fd;
  }

  /** For links, addresses and routes. */
  public static NetlinkSocket route() {
    return open(ROUTE);
  }

  /** For nftables. */
  public static NetlinkSocket netfilter() {
    return open(NETFILTER);
  }

  private static NetlinkSocket open(int protocol) {
    long number = Kernel.call(Syscall.SOCKET, NETLINK, RAW | CLOSE_ON_EXEC, protocol);
    Kernel.check(number, Syscall.SOCKET, "netlink " + protocol);
    NetlinkSocket socket = new NetlinkSocket(Fd.adopt((int) number));
    try {
      socket.set(SHORT_ACK, "short answers");
      socket.set(EXTENDED_ACK, "answers with a reason");
      return socket;
    } catch (SyscallException e) {
      socket.close();
      throw e;
    }
  }

  /** From now on {@link #next} answers what happens to the objects of a group, too. */
  public NetlinkSocket join(int group) {
    bind();
    Kernel.check(option(SOL_NETLINK, MEMBERSHIP, group), Syscall.SETSOCKOPT, "group " + group);
    return this;
  }

  private void set(int name, String what) {
    Kernel.check(option(SOL_NETLINK, name, 1), Syscall.SETSOCKOPT, what);
  }

  /** A socket that has no number, as before its first question, hears nothing of others. */
  private void bind() {
    try (Scratch scratch = Scratch.take();
        Fd.Lease lease = fd.lease()) {
      MemorySegment address = scratch.allocate(ADDRESS);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) NETLINK);
      long result = scratch.call(Syscall.BIND, lease.number(), address.address(), ADDRESS);
      Kernel.check(result, Syscall.BIND, "netlink");
    }
  }

  private long option(int level, int name, int value) {
    try (Scratch scratch = Scratch.take();
        Fd.Lease lease = fd.lease()) {
      MemorySegment memory = scratch.allocate(4);
      memory.set(ValueLayout.JAVA_INT, 0, value);
      return scratch.call(Syscall.SETSOCKOPT, lease.number(), level, name, memory.address(), 4);
    }
  }

  /**
   * Has one message carried out and answers what comes back.
   *
   * @param what it is, for the message of a failure
   */
  public List<NetlinkReply> ask(String what, NetlinkMessage message) {
    asking.lock();
    try {
      int own = ++sequence;
      send(what, message.encode(own));
      List<NetlinkReply> answers = new ArrayList<>();
      while (!takeAnswers(what, own, answers)) {
        Poller.shared().await(fd, Poller.READ);
      }
      return answers;
    } finally {
      asking.unlock();
    }
  }

  /** The same, but answers false where there is no such thing (ENODEV, ENOENT, ESRCH). */
  public boolean askIfThere(String what, NetlinkMessage message) {
    try {
      List<NetlinkReply> _ = ask(what, message);
      return true;
    } catch (SyscallException e) {
      if (e.is(Errno.ENODEV) || e.is(Errno.ENOENT) || e.is(Errno.ESRCH)) {
        return false;
      }
      throw e;
    }
  }

  /** The same, but content with what is there already (EEXIST). */
  public void askUnlessThere(String what, NetlinkMessage message) {
    try {
      List<NetlinkReply> _ = ask(what, message);
    } catch (SyscallException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
  }

  /** Whether all answers to {@code own} were read. */
  private boolean takeAnswers(String what, int own, List<NetlinkReply> answers) {
    while (true) {
      Optional<ByteBuffer> received = receive();
      if (received.isEmpty()) {
        return false;
      }
      for (Received each : split(received.get())) {
        if (each.sequence() != own || each.reply().type() == NONE) {
          continue;
        }
        if (each.reply().type() == DONE) {
          return true;
        }
        if (each.reply().type() == ERROR) {
          check(what, each);
          return true;
        }
        answers.add(each.reply());
      }
    }
  }

  /**
   * Sends several messages that the kernel carries out together or not at all. What it says of them
   * is there when they were sent.
   */
  public void transact(String what, List<NetlinkMessage> messages) {
    asking.lock();
    try {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (NetlinkMessage message : messages) {
        all.writeBytes(message.encode(++sequence));
      }
      if (all.size() > BUFFER) {
        option(SOL_SOCKET, SEND_BUFFER, LARGE);
        option(SOL_SOCKET, RECEIVE_BUFFER, LARGE);
      }
      send(what, all.toByteArray());
      Optional<Received> failure = Optional.empty();
      Optional<ByteBuffer> received = receive();
      while (received.isPresent()) { // to the end, or the next question gets this one's answers
        for (Received each : split(received.get())) {
          failure = failure.or(() -> Optional.of(each).filter(NetlinkSocket::isFailure));
        }
        received = receive();
      }
      failure.ifPresent(each -> check(what, each));
    } finally {
      asking.unlock();
    }
  }

  /**
   * Waits for what is said without being asked; nothing if that takes longer than {@code limit}.
   * Fails with ENOBUFS when some of it was lost.
   */
  public List<NetlinkReply> next(Duration limit) {
    int _ = Poller.shared().await(fd, Poller.READ, limit);
    return receive(false)
        .map(bytes -> split(bytes).stream().map(Received::reply).toList())
        .orElse(List.of());
  }

  /** The number by which the kernel tells whose request a change was; 0 before the first one. */
  public int port() {
    try (Scratch scratch = Scratch.take();
        Fd.Lease lease = fd.lease()) {
      MemorySegment address = scratch.allocate(ADDRESS);
      MemorySegment length = scratch.allocate(4);
      length.set(ValueLayout.JAVA_INT, 0, ADDRESS);
      long result =
          scratch.call(Syscall.GETSOCKNAME, lease.number(), address.address(), length.address());
      Kernel.check(result, Syscall.GETSOCKNAME, "netlink");
      return address.get(ValueLayout.JAVA_INT, 4);
    }
  }

  private void send(String what, byte[] bytes) {
    try (Scratch scratch = Scratch.take();
        Fd.Lease lease = fd.lease()) {
      long memory = scratch.copy(bytes).address();
      long sent = scratch.call(Syscall.SENDTO, lease.number(), memory, bytes.length, 0, 0, 0);
      Kernel.check(sent, what, null);
    }
  }

  private Optional<ByteBuffer> receive() {
    return receive(true);
  }

  private Optional<ByteBuffer> receive(boolean losing) {
    try (Scratch scratch = Scratch.take();
        Fd.Lease lease = fd.lease()) {
      MemorySegment memory = scratch.buffer(BUFFER);
      long count =
          scratch.call(Syscall.RECVFROM, lease.number(), memory.address(), BUFFER, DONT_WAIT, 0, 0);
      boolean lost = count == -Errno.ENOBUFS.number();
      if (count == -Errno.EAGAIN.number() || (lost && losing)) {
        return Optional.empty();
      }
      byte[] bytes = new byte[(int) Kernel.check(count, Syscall.RECVFROM, fd)];
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
      return Optional.of(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    }
  }

  private record Received(int flags, int sequence, NetlinkReply reply) {}

  private static List<Received> split(ByteBuffer bytes) {
    List<Received> messages = new ArrayList<>();
    int at = 0;
    while (at + NetlinkMessage.HEAD <= bytes.limit()) {
      int length = bytes.getInt(at);
      if (length < NetlinkMessage.HEAD || length > bytes.limit() - at) {
        break;
      }
      ByteBuffer body = bytes.slice(at + NetlinkMessage.HEAD, length - NetlinkMessage.HEAD);
      int type = Short.toUnsignedInt(bytes.getShort(at + 4));
      int flags = Short.toUnsignedInt(bytes.getShort(at + 6));
      int port = bytes.getInt(at + 12);
      messages.add(new Received(flags, bytes.getInt(at + 8), new NetlinkReply(type, port, body)));
      at += (length + 3) & ~3;
    }
    return messages;
  }

  private static boolean isFailure(Received each) {
    return each.reply().type() == ERROR && each.reply().body().getInt(0) != 0;
  }

  /** The kernel's number, and its words where it has some. */
  private static void check(String what, Received error) {
    int errno = -error.reply().body().getInt(0);
    if (errno == 0) {
      return;
    }
    int fixed = 4 + NetlinkMessage.HEAD;
    Optional<String> words =
        (error.flags() & FLAG_WORDS) != 0
            ? error.reply().attributes(fixed).text(MESSAGE)
            : Optional.empty();
    throw new SyscallException(
        words.map(text -> what + " (" + text + ")").orElse(what), null, new Errno(errno));
  }

  @Override
  public void close() {
    fd.close();
  }
}
