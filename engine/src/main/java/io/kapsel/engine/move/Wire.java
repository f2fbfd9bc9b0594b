package io.kapsel.engine.move;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.linux.RawText;
import io.kapsel.linux.SyscallException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes between two engines, in both directions. One of the two speaks at a time. Every length that
 * comes in is checked before it is used.
 */
public final class Wire {
  private static final int BUFFER = 1 << 16;
  private static final int LONGEST_MESSAGE = 16 << 20;
  private static final int LONGEST_TEXT = 1 << 16;

  private final DataInputStream in;
  private final DataOutputStream out;
  private final AtomicLong sent = new AtomicLong();

  /** Over these streams, which stay the caller's. */
  public Wire(InputStream in, OutputStream out) {
    this.in = new DataInputStream(new BufferedInputStream(in, BUFFER));
    this.out = new DataOutputStream(new BufferedOutputStream(new Counted(out), BUFFER));
  }

  /** Counts what leaves; what the other side of the streams throws is an error of the transport. */
  private final class Counted extends OutputStream {
    private final OutputStream below;

    Counted(OutputStream below) {
      this.below = below;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      try {
        below.write(bytes, from, length);
      } catch (SyscallException | CancellationException e) {
        throw new IOException(e.getMessage(), e);
      }
      sent.addAndGet(length);
    }

    @Override
    public void flush() throws IOException {
      below.flush();
    }
  }

  /** Bytes that were sent so far; also while another thread sends. */
  public long sent() {
    return sent.get();
  }

  /** Lets all go that was written. */
  public void flush() throws IOException {
    out.flush();
  }

  /** Sends a number of eight bits. */
  public void octet(int value) throws IOException {
    out.writeByte(value);
  }

  /** The next number of eight bits; -1 at the end. */
  public int octet() throws IOException {
    return in.read();
  }

  void number(long value) throws IOException {
    out.writeLong(value);
  }

  /** The next number. */
  public long number() throws IOException {
    return in.readLong();
  }

  void text(String value) throws IOException {
    bytes(RawText.encode(value));
  }

  /** The next text, which may stand for any bytes. */
  public String text() throws IOException {
    return RawText.decode(bytes(LONGEST_TEXT));
  }

  void bytes(byte[] value) throws IOException {
    bytes(value, 0, value.length);
  }

  void bytes(byte[] value, int from, int length) throws IOException {
    out.writeInt(length);
    out.write(value, from, length);
  }

  byte[] bytes(int most) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > most) {
      throw new IOException("what comes from the other engine makes no sense");
    }
    byte[] all = new byte[length];
    in.readFully(all);
    return all;
  }

  /** Sends a record, and all that was written before it. */
  public void send(Object message) throws IOException {
    bytes(Json.write(message));
    out.flush();
  }

  /** Sends a text, after a number that says what it is. */
  public void send(int kind, String text) throws IOException {
    octet(kind);
    text(text);
  }

  /** Sends a stream of that many bytes, after what it is. */
  public void send(int kind, String text, long length, InputStream from) throws IOException {
    send(kind, text);
    number(length);
    byte[] buffer = new byte[BUFFER];
    for (long left = length; left > 0; ) {
      int count = from.read(buffer, 0, (int) Math.min(left, BUFFER));
      if (count < 0) {
        throw new IOException("'" + text + "' has become shorter");
      }
      out.write(buffer, 0, count);
      left -= count;
    }
  }

  /** The next that many bytes, to be read to their end. */
  public InputStream stream(long length) {
    return new Bounded(length);
  }

  private final class Bounded extends InputStream {
    private long left;

    Bounded(long left) {
      this.left = left;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int count = in.read(bytes, from, (int) Math.min(left, length));
      if (count < 0) {
        throw new EOFException("the other engine has hung up");
      }
      left -= count;
      return count;
    }
  }

  /** The record that the other side sends next. */
  public <T> T receive(Class<T> type) throws IOException {
    try {
      return Json.read(bytes(LONGEST_MESSAGE), type);
    } catch (JsonException | IllegalArgumentException e) {
      throw new IOException("the other engine says what makes no sense: " + e.getMessage(), e);
    } catch (EOFException e) {
      throw new IOException("the other engine has hung up", e);
    }
  }
}
