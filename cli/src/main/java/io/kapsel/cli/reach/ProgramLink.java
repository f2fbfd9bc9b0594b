package io.kapsel.cli.reach;

import io.kapsel.engine.MoveWay;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.poll.Stream;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;

/** An engine behind the standard streams of a program, such as ssh. */
final class ProgramLink implements MoveWay.Link {
  private static final int MOST_COMPLAINT = 1 << 16;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final String PATH = "PATH=";
  private static final String USUAL_PATH = "/usr/local/bin:/usr/bin:/bin";

  private final Child child;
  private final Stream in;
  private final Stream out;
  private final Stream errors;
  private final Thread listener;
  private final ByteArrayOutputStream complaint = new ByteArrayOutputStream();
  private final AtomicBoolean closed = new AtomicBoolean();

  private ProgramLink(Child child, Stream in, Stream out, Stream errors) {
    this.child = child;
    this.in = in;
    this.out = out;
    this.errors = errors;
    this.listener = Thread.ofVirtual().name("complaints").start(this::listen);
  }

  static MoveWay.Link open(List<String> words, List<String> environment) throws IOException {
    Stream.Pipe to = Stream.pipe();
    Stream.Pipe from = Stream.pipe();
    Stream.Pipe said = Stream.pipe();
    try (Fd first = to.reader();
        Fd second = from.writer();
        Fd third = said.writer()) {
      Child child =
          Spawn.path(program(words.getFirst(), environment).toString())
              .arguments(words)
              .environment(environment)
              .descriptor(0, first)
              .descriptor(1, second)
              .descriptor(2, third)
              .session()
              .start();
      return new ProgramLink(
          child, Stream.of(from.reader()), Stream.of(to.writer()), Stream.of(said.reader()));
    } catch (IOException | SyscallException e) {
      List.of(to.writer(), from.reader(), said.reader()).forEach(Fd::close);
      throw e;
    }
  }

  private static Path program(String name, List<String> environment) throws IOException {
    if (name.contains("/")) {
      return Path.of(name);
    }
    String path =
        environment.stream()
            .filter(each -> each.startsWith(PATH))
            .map(each -> each.substring(PATH.length()))
            .findFirst()
            .orElse(USUAL_PATH);
    for (String directory : path.split(":")) {
      Path file = Path.of(directory, name);
      if (file.isAbsolute() && Files.isExecutable(file)) {
        return file;
      }
    }
    throw new IOException("there is no program '" + name + "' in " + path);
  }

  private void listen() {
    byte[] buffer = new byte[4096];
    try {
      for (int count; (count = errors.read(buffer, 0, buffer.length)) >= 0; ) {
        synchronized (complaint) {
          if (complaint.size() < MOST_COMPLAINT) {
            complaint.write(buffer, 0, count);
          }
        }
      }
    } catch (SyscallException | CancellationException _) {
      // it is over
    }
  }

  @Override
  public InputStream in() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int from, int length) throws IOException {
        try {
          return in.read(bytes, from, length);
        } catch (SyscallException | CancellationException e) {
          throw new IOException(e.getMessage(), e);
        }
      }
    };
  }

  @Override
  public OutputStream out() {
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        try {
          out.write(bytes, from, length);
        } catch (SyscallException | CancellationException e) {
          throw new IOException(e.getMessage(), e);
        }
      }
    };
  }

  /** What it has complained of until it ended; it is given a moment to end by itself. */
  @Override
  public String complaint() {
    try {
      boolean _ = listener.join(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (complaint) {
      return complaint.toString(StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      out.close();
      if (child.await(PATIENCE).isEmpty()) {
        child.killGroup();
      }
      child.await();
      in.close();
      errors.close();
      child.close();
    }
  }
}
