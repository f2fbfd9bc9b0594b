package io.kapsel.cli.command;

import io.kapsel.cli.server.Client;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.UnixStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The client's standard input, sent in the frames of wire.md, section 3. */
public final class ClientInput extends InputStream {
  private static final int HEADER = 8;
  private static final int STDIN = 0;
  private static final int STDIN_EOF = 1;

  private final UnixStream stream;
  private int left;
  private boolean ended;

  private ClientInput(UnixStream stream) {
    this.stream = stream;
  }

  /** Asks the client to send it. */
  public static ClientInput open(Call call) {
    if (call.request().terminals().stdin()) {
      throw new CommandException(1, "standard input is a terminal; name a file with --input");
    }
    UnixStream.Pair pair = UnixStream.pair();
    try (Fd other = pair.other()) {
      call.client().attach(new Client.Relay(false, true, false, false), other, _ -> {});
    }
    return new ClientInput(pair.stream());
  }

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
      left -= Math.max(count, 0);
      ended = count < 0;
      return count;
    } catch (SyscallException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private void frame() throws IOException {
    byte[] header = new byte[HEADER];
    if (!stream.readFully(header, 0, HEADER)) {
      ended = true;
      return;
    }
    ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder());
    int length = fields.getInt(4);
    switch (fields.get(0)) {
      case STDIN -> left = length;
      case STDIN_EOF -> ended = true;
      default -> {
        byte[] other = new byte[length];
        if (length > 0 && !stream.readFully(other, 0, length)) {
          throw new IOException("the client sends half a frame");
        }
      }
    }
  }

  @Override
  public void close() {
    stream.close();
  }
}
