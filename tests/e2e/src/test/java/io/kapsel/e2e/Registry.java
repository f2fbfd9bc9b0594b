package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Debian's docker-registry on loopback, with a directory of its own. */
final class Registry implements AutoCloseable {
  private final Process process;
  private final int port;

  private Registry(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts one; with {@code more} lines of configuration, such as those that ask for passwords. */
  static Registry start(Path directory, String more) {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = free.getLocalPort();
      free.close();
      Path configuration = directory.resolve("registry-" + port + ".yml");
      Files.writeString(
          configuration,
          """
          version: 0.1
          log: {level: error}
          storage:
            filesystem: {rootdirectory: %s}
          http: {addr: "127.0.0.1:%d"}
          %s
          """
              .formatted(directory.resolve("registry-" + port), port, more));
      Process process = Command.of("docker-registry", "serve", configuration.toString()).start();
      Registry registry = new Registry(process, port);
      Await.until(Duration.ofSeconds(20), () -> "the registry listens", registry::listens);
      return registry;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /** The name of something in it. */
  String name(String rest) {
    return "127.0.0.1:" + port + "/" + rest;
  }

  String domain() {
    return "127.0.0.1:" + port;
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
