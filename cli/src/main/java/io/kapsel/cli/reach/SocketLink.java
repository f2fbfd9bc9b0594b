package io.kapsel.cli.reach;

import io.kapsel.engine.MoveWay;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.Message;
import io.kapsel.linux.socket.UnixStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * An engine at its socket, asked as the client asks (wire.md, section 4): what it prints comes in
 * frames, what it reads is sent in frames on a stream of its own.
 */
final class SocketLink implements MoveWay.Link {
  private static final int MAGIC = 0x5350414b;
  private static final int VERSION = 1;
  private static final int FIXED = 32;
  private static final int FRAME = 8;
  private static final int LONGEST = 64 << 10;
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int EXIT = 3;
  private static final int ATTACH = 4;

  private final UnixStream stream;
  private final UnixStream input;
  private final ByteArrayOutputStream complaint = new ByteArrayOutputStream();

  private SocketLink(UnixStream stream, UnixStream input) {
    this.stream = stream;
    this.input = input;
  }

  static MoveWay.Link open(String path) throws IOException {
    UnixStream stream = UnixStream.connect(path);
    boolean done = false;
    try {
      stream.write(request());
      ByteArrayOutputStream said = new ByteArrayOutputStream();
      SocketLink link = new SocketLink(stream, attached(stream, said));
      done = true;
      return link;
    } finally {
      if (!done) {
        stream.close();
      }
    }
  }

  private static byte[] request() {
    byte[] text = ("kapsel\0" + EngineAddress.COMMAND + "\0/\0").getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(FIXED + text.length)
        .order(ByteOrder.nativeOrder())
        .putInt(MAGIC)
        .putInt(VERSION)
        .putInt(text.length)
        .putInt(2)
        .put(FIXED, text)
        .array();
  }

  /** The stream that it reads; it sends one as soon as it wants to hear something. */
  private static UnixStream attached(UnixStream stream, ByteArrayOutputStream said)
      throws IOException {
    byte[] header = new byte[FRAME];
    byte[] payload = new byte[LONGEST];
    while (true) {
      Message first = stream.receive(1).orElseThrow(() -> lost(said));
      List<Fd> descriptors = first.takeAll();
      header[0] = first.bytes()[0];
      int length = stream.readFully(header, 1, FRAME - 1) ? length(header) : -1;
      boolean whole = length >= 0 && stream.readFully(payload, 0, length);
      if (whole && header[0] == ATTACH && descriptors.size() == 1) {
        return UnixStream.of(descriptors.getFirst());
      }
      descriptors.forEach(Fd::close);
      if (!whole || header[0] == EXIT) {
        throw lost(said);
      }
      said.write(payload, 0, length);
    }
  }

  private static IOException lost(ByteArrayOutputStream said) {
    String text = said.toString(StandardCharsets.UTF_8).strip();
    return new IOException(text.isEmpty() ? "the other engine has hung up" : text);
  }

  private static int length(byte[] header) {
    int length = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder()).getInt(4);
    return length <= LONGEST ? length : -1;
  }

  @Override
  public InputStream in() {
    return new FromEngine();
  }

  @Override
  public OutputStream out() {
    return new ToEngine();
  }

  @Override
  public String complaint() {
    return complaint.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    input.close();
    stream.close();
  }

  private final class FromEngine extends InputStream {
    private final byte[] header = new byte[FRAME];
    private int left;
    private boolean ended;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      try {
        while (left == 0 && !ended) {
          frame();
        }
        if (ended) {
          return -1;
        }
        int count = stream.read(bytes, from, Math.min(left, length));
        ended = count < 0;
        left -= Math.max(count, 0);
        return count;
      } catch (SyscallException | CancellationException e) {
        throw new IOException(e.getMessage(), e);
      }
    }

    private void frame() {
      int length = stream.readFully(header, 0, FRAME) ? length(header) : -1;
      if (length < 0 || header[0] == EXIT) {
        ended = true;
      } else if (header[0] == STDOUT) {
        left = length;
      } else {
        byte[] other = new byte[length];
        ended = !stream.readFully(other, 0, length);
        if (header[0] == STDERR) {
          complaint.writeBytes(other);
        }
      }
    }
  }

  private final class ToEngine extends OutputStream {
    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      try {
        for (int at = 0; at < length; at += LONGEST) {
          int count = Math.min(LONGEST, length - at);
          input.write(
              ByteBuffer.allocate(FRAME + count)
                  .order(ByteOrder.nativeOrder())
                  .put((byte) STDIN)
                  .putInt(4, count)
                  .put(FRAME, bytes, from + at, count)
                  .array());
        }
      } catch (SyscallException | CancellationException e) {
        throw new IOException(e.getMessage(), e);
      }
    }
  }
}
