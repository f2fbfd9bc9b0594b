package io.kapsel.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A command to run once, with an empty environment unless told otherwise. */
final class Command {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final List<String> words;
  private final Map<String, String> environment = new LinkedHashMap<>();
  private byte[] input = {};
  private Path directory = Path.of("/");
  private Duration limit = LIMIT;

  Command(List<String> words) {
    this.words = List.copyOf(words);
    environment.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  }

  static Command of(String... words) {
    return new Command(List.of(words));
  }

  Command env(String name, String value) {
    environment.put(name, value);
    return this;
  }

  Command input(String text) {
    return input(text.getBytes(StandardCharsets.UTF_8));
  }

  Command input(byte[] bytes) {
    input = bytes.clone();
    return this;
  }

  Command in(Path workingDirectory) {
    directory = workingDirectory;
    return this;
  }

  /** Lets it take longer than a minute. */
  Command within(Duration time) {
    limit = time;
    return this;
  }

  /** Starts it; the caller owns the process and its streams. */
  Process start() {
    ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(words));
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.directory(directory.toFile());
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs it to its end; one that hangs is killed and fails the test. */
  Result run() {
    Process process = start();
    Sink out = new Sink(process.getInputStream());
    Sink err = new Sink(process.getErrorStream());
    Thread.ofPlatform().daemon().start(() -> feed(process.getOutputStream()));
    try {
      if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("does not end: " + words + "\n" + out.text() + "\n" + err.text());
      }
      return new Result(words, process.exitValue(), out.bytes(), err.bytes());
    } catch (InterruptedException e) {
      process.destroyForcibly();
      throw new AssertionError("interrupted: " + words, e);
    }
  }

  private void feed(OutputStream stream) {
    try (stream) {
      stream.write(input);
    } catch (IOException e) {
      // The command did not want its input: that is its right.
    }
  }

  /**
   * Reads a stream to its end beside the test; a virtual thread would keep its carrier meanwhile.
   */
  private static final class Sink {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Thread reader;

    Sink(InputStream stream) {
      reader = Thread.ofPlatform().daemon().start(() -> drain(stream));
    }

    private void drain(InputStream stream) {
      try (stream) {
        stream.transferTo(bytes);
      } catch (IOException e) {
        // A killed process: what came until then is what there is.
      }
    }

    byte[] bytes() throws InterruptedException {
      if (!reader.join(Duration.ofSeconds(5))) {
        throw new AssertionError("somebody keeps the output open: " + text());
      }
      return bytes.toByteArray();
    }

    String text() {
      return bytes.toString(StandardCharsets.UTF_8);
    }
  }
}
