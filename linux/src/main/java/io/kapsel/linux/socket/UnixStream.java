package io.kapsel.linux.socket;

import io.kapsel.linux.Fd;
import java.util.Optional;

/** A connected socket of bytes (SOCK_STREAM); whoever must wait is parked. */
public final class UnixStream implements AutoCloseable {
  private static final int CHUNK = 64 * 1024;
  private static final int INPUT = 0;
  private static final int OUTPUT = 1;

  private final Fd fd;

  private UnixStream(Fd fd) {
    this.fd = fd;
  }

  /** Takes over a connected socket. */
  public static UnixStream of(Fd fd) {
    return new UnixStream(fd);
  }

  /** Connects to a listener. */
  public static UnixStream connect(String path) {
    return new UnixStream(Connector.connect(path, SocketKind.STREAM));
  }

  /** A socket and its other end, which is a blocking descriptor to be given to another process. */
  public static Pair pair() {
    Fd[] ends = SocketCalls.pair(SocketKind.STREAM);
    return new Pair(new UnixStream(ends[0]), ends[1]);
  }

  /** Two ends. */
  public record Pair(UnixStream stream, Fd other) {}

  /** Its descriptor, which it goes on to own. */
  public Fd fd() {
    return fd;
  }

  /** Reads what is there, at least one byte; -1 at the end. Descriptors that came are dropped. */
  public int read(byte[] bytes, int from, int length) {
    return SocketCalls.read(fd, bytes, from, Math.min(length, CHUNK));
  }

  /** Reads exactly that many bytes; false when the end came before the first. */
  public boolean readFully(byte[] bytes, int from, int length) {
    int done = 0;
    while (done < length) {
      int count = read(bytes, from + done, length - done);
      if (count < 0) {
        return ended(done);
      }
      done += count;
    }
    return true;
  }

  /** Reads at most that many bytes and the descriptors that came with them; nothing at the end. */
  public Optional<Message> receive(int most) {
    return SocketCalls.receive(fd, Math.min(most, CHUNK));
  }

  /** Writes all of it. */
  public void write(byte[] bytes, int from, int length) {
    int done = 0;
    while (done < length) {
      done += SocketCalls.send(fd, bytes, from + done, Math.min(length - done, CHUNK));
    }
  }

  /** Writes all of it. */
  public void write(byte[] bytes) {
    write(bytes, 0, bytes.length);
  }

  /** Writes all of it; the descriptors, which stay the caller's, go with the first byte. */
  public void send(byte[] bytes, Fd... descriptors) {
    int first = SocketCalls.send(fd, bytes, 0, Math.min(bytes.length, CHUNK), descriptors);
    write(bytes, first, bytes.length - first);
  }

  /** Tells the other side that nothing more comes; see shutdown(2). */
  public void shutdownOutput() {
    SocketCalls.shutdown(fd, OUTPUT);
  }

  /** Reads the end from now on. */
  public void shutdownInput() {
    SocketCalls.shutdown(fd, INPUT);
  }

  /** Who made the other end. */
  public Credentials peer() {
    return SocketCalls.peer(fd);
  }

  @Override
  public void close() {
    fd.close();
  }

  private boolean ended(int done) {
    if (done > 0) {
      throw new io.kapsel.linux.SyscallException("recvfrom", fd, io.kapsel.linux.Errno.EPIPE);
    }
    return false;
  }
}
