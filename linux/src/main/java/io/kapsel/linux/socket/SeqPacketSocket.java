package io.kapsel.linux.socket;

import io.kapsel.linux.Fd;
import io.kapsel.linux.poll.Poller;
import java.time.Duration;
import java.util.Optional;

/** A connected socket of messages (SOCK_SEQPACKET); whoever must wait is parked. */
public final class SeqPacketSocket implements AutoCloseable {
  /** The longest message that {@link #receive} takes. */
  public static final int LONGEST = 64 * 1024;

  private final Fd fd;

  private SeqPacketSocket(Fd fd) {
    this.fd = fd;
  }

  /** Takes over a connected socket. */
  public static SeqPacketSocket of(Fd fd) {
    return new SeqPacketSocket(fd);
  }

  /** Connects to a listener. */
  public static SeqPacketSocket connect(String path) {
    return new SeqPacketSocket(Connector.connect(path, SocketKind.MESSAGES));
  }

  /** A socket and its other end, which is a blocking descriptor to be given to another process. */
  public static Pair pair() {
    Fd[] ends = SocketCalls.pair(SocketKind.MESSAGES);
    return new Pair(new SeqPacketSocket(ends[0]), ends[1]);
  }

  /** Two ends. */
  public record Pair(SeqPacketSocket socket, Fd other) {}

  /** Its descriptor, which it goes on to own. */
  public Fd fd() {
    return fd;
  }

  /** Sends one message. The descriptors are copied to the receiver and stay the caller's. */
  public void send(byte[] message, Fd... descriptors) {
    int _ = SocketCalls.send(fd, message, 0, message.length, descriptors);
  }

  /** The next message; nothing when the other end is closed. Fails with EMSGSIZE if it is cut. */
  public Optional<Message> receive() {
    return SocketCalls.receive(fd, LONGEST);
  }

  /** Whether a message, or the end, is there to be received. */
  public boolean isReadable() {
    return Poller.isReadable(fd);
  }

  /** The same, waiting for it. */
  public boolean isReadable(Duration limit) {
    return Poller.shared().await(fd, Poller.READ, limit) != 0;
  }

  /** Who made the other end. */
  public Credentials peer() {
    return SocketCalls.peer(fd);
  }

  @Override
  public void close() {
    fd.close();
  }
}
