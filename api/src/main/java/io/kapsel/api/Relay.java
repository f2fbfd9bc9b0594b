package io.kapsel.api;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.socket.UnixStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Between streams of Java and those of a program: the frames of wire.md, section 3. */
final class Relay implements Link.Audience, AutoCloseable {
  private static final int HEADER = 8;
  private static final int LONGEST = 64 << 10;
  private static final int STDIN = 0;
  private static final int STDIN_EOF = 1;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int EXIT = 3;

  private final Streams streams;
  private volatile Optional<UnixStream> stream = Optional.empty();
  private volatile Optional<Thread> output = Optional.empty();
  private volatile Optional<Thread> input = Optional.empty();
  private volatile Optional<IOException> failure = Optional.empty();

  Relay(Streams streams) {
    this.streams = streams;
  }

  @Override
  public void stream(UnixStream end) {
    stream = Optional.of(end);
    output = Optional.of(Thread.ofVirtual().name("kapsel-output").start(() -> readFrom(end)));
    input = Optional.of(Thread.ofVirtual().name("kapsel-input").start(() -> writeTo(end)));
  }

  private void readFrom(UnixStream end) {
    byte[] header = new byte[HEADER];
    byte[] payload = new byte[LONGEST];
    try {
      while (end.readFully(header, 0, HEADER)) {
        int length = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder()).getInt(4);
        if (length < 0 || length > LONGEST || !end.readFully(payload, 0, length)) {
          return;
        }
        switch (header[0]) {
          case STDOUT -> pass(streams.out(), payload, length);
          case STDERR -> pass(streams.err(), payload, length);
          case EXIT -> {
            return;
          }
          default -> {}
        }
      }
    } catch (SyscallException | CancellationException _) {
      // it is over
    } catch (IOException e) {
      failure = Optional.of(e);
    } finally {
      end.close();
    }
  }

  private static void pass(OutputStream to, byte[] payload, int length) throws IOException {
    to.write(payload, 0, length);
    to.flush();
  }

  private void writeTo(UnixStream end) {
    byte[] bytes = new byte[LONGEST / 2];
    try {
      for (int count = streams.in().read(bytes); count >= 0; count = streams.in().read(bytes)) {
        end.write(frame(STDIN, bytes, count));
      }
      end.write(frame(STDIN_EOF, bytes, 0));
    } catch (SyscallException | CancellationException _) {
      // it has ended without having read all
    } catch (IOException e) {
      failure = Optional.of(e);
      end.close();
    }
  }

  private static byte[] frame(int type, byte[] payload, int length) {
    return ByteBuffer.allocate(HEADER + length)
        .order(ByteOrder.nativeOrder())
        .put((byte) type)
        .putInt(4, length)
        .put(HEADER, payload, 0, length)
        .array();
  }

  /** All that the program has printed was passed on; what went wrong with that is thrown. */
  void finish() throws InterruptedException {
    if (output.isPresent()) {
      output.get().join();
    }
    if (failure.isPresent()) {
      throw new UncheckedIOException("cannot pass on the output of a program", failure.get());
    }
  }

  @Override
  public void close() {
    input.ifPresent(Thread::interrupt);
    stream.ifPresent(UnixStream::close);
  }
}
