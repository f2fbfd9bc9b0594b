package io.kapsel.engine;

import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.Healthcheck.Probe;
import io.kapsel.engine.spec.Stdio;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.NetworkOf;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One look at a container: a program in it, or a connection in its network. */
final class Probing {
  /**
   * What came of it.
   *
   * @param code 0: it works; -1: it took too long, or could not be asked
   */
  record Answer(int code, String output) {}

  private static final int MOST_OUTPUT = 4096;
  private static final int FIRST_FAILURE = 400;

  private final Container container;
  private final Duration timeout;

  Probing(Container container, Duration timeout) {
    this.container = container;
    this.timeout = timeout;
  }

  Answer ask(Probe probe) throws InterruptedException {
    try {
      return switch (probe) {
        case Probe.None() -> new Answer(0, "");
        case Probe.Command(List<String> words) -> run(words);
        case Probe.Tcp(int port) -> inNetwork(() -> connect(port));
        case Probe.Http(int port, String path) -> inNetwork(() -> get(port, path));
      };
    } catch (EngineException e) {
      return new Answer(-1, String.valueOf(e.getMessage()));
    }
  }

  private Answer run(List<String> words) throws InterruptedException {
    Exec exec =
        container.exec(
            new ExecSpec(
                words, List.of(), Optional.empty(), Optional.empty(), false, Stdio.OUTPUT_ONLY));
    try (Captured captured = Captured.of(exec, MOST_OUTPUT)) {
      exec.start();
      Optional<ExitStatus> exit = exec.await(timeout);
      if (exit.isEmpty()) {
        exec.kill();
        return new Answer(
            -1, "Health check exceeded timeout (" + timeout.toMillis() + "ms)" + captured.now());
      }
      return new Answer(exit.get().code(), captured.text());
    }
  }

  /** A question that is asked in the container's network. */
  private interface Question {
    Answer ask() throws IOException;
  }

  /** On a thread that is used for nothing else afterwards: it has another network than ours. */
  private Answer inNetwork(Question question) throws InterruptedException {
    Optional<Integer> pid = container.status().pid();
    if (pid.isEmpty()) {
      return new Answer(-1, "it does not run");
    }
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("probe")
        .start(() -> answer.complete(entered(pid.get(), question)));
    try {
      return answer.get(timeout.toMillis() + 1, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return new Answer(-1, "Health check exceeded timeout (" + timeout.toMillis() + "ms)");
    } catch (ExecutionException e) {
      return new Answer(-1, String.valueOf(e.getMessage()));
    }
  }

  private static Answer entered(int pid, Question question) {
    try {
      NetworkOf.enter(pid);
      return question.ask();
    } catch (SyscallException | IOException e) {
      return new Answer(1, String.valueOf(e.getMessage()));
    }
  }

  private Socket open(int port) throws IOException {
    Socket socket = new Socket();
    try {
      int patience = (int) Math.min(timeout.toMillis() + 1, Integer.MAX_VALUE);
      socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), patience);
      socket.setSoTimeout(patience);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private Answer connect(int port) throws IOException {
    try (Socket _ = open(port)) {
      return new Answer(0, "");
    }
  }

  private Answer get(int port, String path) throws IOException {
    try (Socket socket = open(port)) {
      String request =
          "GET %s HTTP/1.1\r\nHost: localhost:%s\r\nUser-Agent: kapsel\r\nConnection: close\r\n\r\n"
              .formatted(path, port);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      byte[] answer = socket.getInputStream().readNBytes(MOST_OUTPUT);
      String line = new String(answer, StandardCharsets.ISO_8859_1).lines().findFirst().orElse("");
      if (!line.matches("HTTP/1\\.[01] \\d{3}.*")) {
        return new Answer(1, "no answer of a web server: '" + line + "'");
      }
      int code = Integer.parseInt(line.substring("HTTP/1.x ".length(), "HTTP/1.x 200".length()));
      return new Answer(code < FIRST_FAILURE ? 0 : 1, line);
    }
  }
}
