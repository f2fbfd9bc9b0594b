package io.kapsel.cli.command;

import io.kapsel.cli.server.Client;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.UnixStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Questions at the client's terminal, by the frames of wire.md, section 3. */
public final class Prompt implements AutoCloseable {
  private static final int HEADER = 8;
  private static final byte STDIN = 0;
  private static final byte STDOUT = 1;
  private static final int LONGEST = 64 << 10;
  private static final int INTERRUPT = 3;
  private static final int END = 4;
  private static final int BACKSPACE = 8;
  private static final int DELETE = 127;

  private final UnixStream stream;
  private byte[] typed = new byte[0];
  private int next;

  private Prompt(UnixStream stream) {
    this.stream = stream;
  }

  /** Takes the terminal over until this is closed. */
  public static Prompt open(Call call) {
    UnixStream.Pair pair = UnixStream.pair();
    try (Fd other = pair.other()) {
      call.client().attach(new Client.Relay(true, true, false, false), other, _ -> {});
    }
    return new Prompt(pair.stream());
  }

  /** Asks, and returns the line that is typed; what is hidden is not shown. */
  public String ask(String question, boolean hidden) {
    try {
      say(question.getBytes(StandardCharsets.UTF_8));
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      while (true) {
        int c = read();
        if (c == '\r' || c == '\n' || (c == END && line.size() == 0)) {
          say(new byte[] {'\r', '\n'});
          return line.toString(StandardCharsets.UTF_8);
        }
        if (c == INTERRUPT || c < 0) {
          say(new byte[] {'\r', '\n'});
          throw new CommandException(1, "interrupted");
        }
        type(line, c, hidden);
      }
    } catch (SyscallException _) {
      throw new CommandException(1, "the terminal is gone");
    }
  }

  private void type(ByteArrayOutputStream line, int c, boolean hidden) {
    if (c == BACKSPACE || c == DELETE) {
      erase(line, hidden);
    } else if (line.size() < LONGEST && c >= ' ') {
      line.write(c);
      if (!hidden) {
        say(new byte[] {(byte) c});
      }
    }
  }

  /** Takes the last character away, which has several bytes unless it is of ASCII. */
  private void erase(ByteArrayOutputStream line, boolean hidden) {
    String before = line.toString(StandardCharsets.UTF_8);
    if (before.isEmpty()) {
      return;
    }
    line.reset();
    line.writeBytes(
        before
            .substring(0, before.offsetByCodePoints(before.length(), -1))
            .getBytes(StandardCharsets.UTF_8));
    if (!hidden) {
      say("\b \b".getBytes(StandardCharsets.UTF_8));
    }
  }

  private void say(byte[] text) {
    ByteBuffer frame = ByteBuffer.allocate(HEADER + text.length).order(ByteOrder.nativeOrder());
    frame.put(0, STDOUT).putInt(4, text.length).put(HEADER, text);
    stream.write(frame.array());
  }

  /** The next byte that is typed; -1 when the client has gone. */
  private int read() {
    while (next == typed.length) {
      byte[] header = new byte[HEADER];
      if (!stream.readFully(header, 0, HEADER)) {
        return -1;
      }
      ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder());
      byte[] payload = new byte[Math.clamp(fields.getInt(4), 0, LONGEST)];
      if (payload.length > 0 && !stream.readFully(payload, 0, payload.length)) {
        return -1;
      }
      if (fields.get(0) == STDIN) {
        typed = payload;
        next = 0;
      }
    }
    return typed[next++] & 0xff;
  }

  @Override
  public void close() {
    stream.close();
  }
}
