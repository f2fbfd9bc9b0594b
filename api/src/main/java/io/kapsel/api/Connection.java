package io.kapsel.api;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.engine.EngineException;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.Message;
import io.kapsel.linux.socket.UnixStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * The engine that listens at a socket; each call is a connection of its own, as the frames of
 * docs/guide/wire.md, section 4. Parts of an answer are lines of its standard output, the answer is
 * its standard error.
 */
final class Connection implements Link {
  private static final int MAGIC = 0x5350414b;
  private static final int VERSION = 1;
  private static final int FIXED = 32;
  private static final int FRAME = 8;
  private static final int LONGEST = 64 << 10;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int EXIT = 3;
  private static final int ATTACH = 4;
  private static final int NOT_DONE = 1;

  private final Path socket;

  private Connection(Path socket) {
    this.socket = socket;
  }

  /** Whoever listens there, if somebody does. */
  static Optional<Link> to(Path socket) {
    try {
      UnixStream.connect(socket.toString()).close();
    } catch (SyscallException _) {
      return Optional.empty();
    }
    Connection found = new Connection(socket);
    try {
      Answer _ = found.ask(new Call.Hello(), Audience.NOBODY);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return Optional.of(found);
  }

  @Override
  public Answer ask(Call call, Audience audience) throws InterruptedException {
    try (UnixStream stream = UnixStream.connect(socket.toString())) {
      stream.write(request(Json.write(new Service.Asked(call))));
      return new Reply(audience).read(stream);
    } catch (CancellationException e) {
      Thread.interrupted();
      throw new InterruptedException(e.getMessage());
    } catch (SyscallException e) {
      throw new EngineException.Failed("ask", socket.toString(), String.valueOf(e.getMessage()), e);
    }
  }

  private static byte[] request(byte[] call) {
    byte[] text =
        (Service.NAME + "\0" + new String(call, StandardCharsets.UTF_8) + "\0/\0")
            .getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(FIXED + text.length)
        .order(ByteOrder.nativeOrder())
        .putInt(MAGIC)
        .putInt(VERSION)
        .putInt(text.length)
        .putInt(2)
        .put(FIXED, text)
        .array();
  }

  /** What comes back, frame by frame. */
  private static final class Reply {
    private final Audience audience;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final ByteArrayOutputStream answer = new ByteArrayOutputStream();
    private final byte[] header = new byte[FRAME];
    private final byte[] payload = new byte[LONGEST];

    Reply(Audience audience) {
      this.audience = audience;
    }

    Answer read(UnixStream stream) {
      while (true) {
        List<Fd> descriptors = header(stream);
        ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder());
        int length = fields.getInt(4);
        if (length < 0 || length > LONGEST || !stream.readFully(payload, 0, length)) {
          descriptors.forEach(Fd::close);
          throw lost();
        }
        switch (fields.get(0)) {
          case STDOUT -> parts(length);
          case STDERR -> answer.write(payload, 0, length);
          case ATTACH -> descriptors.forEach(each -> audience.stream(UnixStream.of(each)));
          case EXIT -> {
            return end(ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder()).getInt());
          }
          default -> throw lost();
        }
      }
    }

    /** Descriptors come with the first byte of a frame. */
    private List<Fd> header(UnixStream stream) {
      Message first = stream.receive(1).orElseThrow(Connection::lost);
      header[0] = first.bytes()[0];
      if (!stream.readFully(header, 1, FRAME - 1)) {
        throw lost();
      }
      return first.takeAll();
    }

    private void parts(int length) {
      for (int at = 0; at < length; at++) {
        if (payload[at] == '\n') {
          audience.part(answer(line.toByteArray()));
          line.reset();
        } else {
          line.write(payload[at]);
        }
      }
    }

    private Answer end(int code) {
      if (code != 0 && code != NOT_DONE) {
        throw new EngineException.Refused(
            "ask", "the engine", answer.toString(StandardCharsets.UTF_8).strip());
      }
      Answer last = answer(answer.toByteArray());
      if (last instanceof Answer.Failure failure) {
        throw failure.exception();
      }
      return last;
    }

    private static Answer answer(byte[] text) {
      try {
        return Json.read(text, Service.Envelope.class).it();
      } catch (JsonException e) {
        throw new EngineException.Failed(
            "understand", "the engine", String.valueOf(e.getMessage()), e);
      }
    }
  }

  private static EngineException lost() {
    return new EngineException.Failed("ask", "the engine", "it has hung up", null);
  }

  @Override
  public boolean isRemote() {
    return true;
  }

  @Override
  public void close() {}
}
