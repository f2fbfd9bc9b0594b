package io.kapsel.cli;

import io.kapsel.cli.config.MetricsAddress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Answers {@code GET /metrics}, and nothing else. Whoever connects may read and not change; there
 * are few at once, each for a short time, and what they say is bounded.
 */
final class MetricsServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(MetricsServer.class.getName());
  private static final int MOST = 16;
  private static final int LONGEST_REQUEST = 8 << 10;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final MetricsAddress address;
  private final ServerSocketChannel listener;
  private final Supplier<String> figures;
  private final Semaphore places = new Semaphore(MOST);
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("metrics-clock").factory());

  private MetricsServer(
      MetricsAddress address, ServerSocketChannel listener, Supplier<String> figures) {
    this.address = address;
    this.listener = listener;
    this.figures = figures;
  }

  /** Listens until it is closed; a socket of this host is for root, until somebody changes that. */
  static MetricsServer open(MetricsAddress address, Supplier<String> figures) {
    try {
      MetricsServer server = new MetricsServer(address, listen(address), figures);
      Thread.ofPlatform().daemon().name("metrics").start(server::serve);
      LOG.log(Level.INFO, "figures can be read address={0}", address.socket());
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot listen for readers of figures at '%s': %s; change the setting 'metrics'"
              .formatted(address.socket(), e.getMessage()),
          e);
    }
  }

  private static ServerSocketChannel listen(MetricsAddress address) throws IOException {
    if (address instanceof MetricsAddress.Local(var path)) {
      if (!Files.exists(path) || isSocket(path)) {
        Files.deleteIfExists(path); // of an engine that was killed; there is one for each place
      }
      return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address.socket());
    }
    ServerSocketChannel channel = ServerSocketChannel.open();
    channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    return channel.bind(address.socket());
  }

  private static boolean isSocket(java.nio.file.Path path) throws IOException {
    int type = (int) Files.getAttribute(path, "unix:mode") & 0170000;
    return type == 0140000;
  }

  private void serve() {
    while (listener.isOpen()) {
      try {
        accept(listener.accept());
      } catch (IOException e) {
        if (listener.isOpen()) {
          LOG.log(Level.WARNING, "a reader of figures cannot be heard", e);
        }
      }
    }
  }

  private void accept(SocketChannel client) throws IOException {
    if (!places.tryAcquire()) {
      client.close();
      return;
    }
    ScheduledFuture<?> _ =
        clock.schedule(() -> close(client), PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    Thread.ofVirtual()
        .name("metrics-client")
        .start(() -> {
          try (client) {
            answer(client);
          } catch (IOException e) {
            LOG.log(Level.DEBUG, "a reader of figures has gone: {0}", e.getMessage());
          } finally {
            places.release();
          }
        });
  }

  private static void close(SocketChannel client) {
    try {
      client.close();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "a reader of figures has gone: {0}", e.getMessage());
    }
  }

  private void answer(SocketChannel client) throws IOException {
    String[] words = request(client).split(" ", -1);
    boolean known = words.length == 3 && words[2].startsWith("HTTP/1.");
    String path = known ? words[1].replaceFirst("\\?.*", "") : "";
    if (!known) {
      write(client, "400 Bad Request", "this is no request of HTTP/1.1\n", true);
    } else if (!words[0].equals("GET") && !words[0].equals("HEAD")) {
      write(client, "405 Method Not Allowed", "figures can only be read\n", true);
    } else if (path.equals("/metrics")) {
      write(client, "200 OK", figures.get(), words[0].equals("GET"));
    } else {
      write(client, "404 Not Found", "figures are at /metrics\n", true);
    }
  }

  /** Its first line; the rest is read, so that closing does not cut off the answer. */
  private static String request(SocketChannel client) throws IOException {
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                new Bounded(Channels.newInputStream(client), LONGEST_REQUEST),
                StandardCharsets.ISO_8859_1));
    String first = in.readLine();
    String line = first;
    while (line != null && !line.isEmpty()) {
      line = in.readLine();
    }
    return first == null ? "" : first;
  }

  private static void write(SocketChannel client, String status, String body, boolean whole)
      throws IOException {
    byte[] text = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
            .formatted(status, TYPE, text.length);
    send(client, head.getBytes(StandardCharsets.US_ASCII));
    if (whole) {
      send(client, text);
    }
    client.shutdownOutput();
  }

  private static void send(SocketChannel client, byte[] bytes) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(bytes);
    while (left.hasRemaining()) {
      client.write(left);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
      if (address instanceof MetricsAddress.Local(var path)) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the socket for figures is left: {0}", e.getMessage());
    }
    clock.shutdownNow();
  }
}
