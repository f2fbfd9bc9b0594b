package io.kapsel.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Figures by HTTP, for those who ask for that. */
class MetricsIT extends EndToEnd {
  private static String ask(SocketAddress address, String request) throws IOException {
    try (SocketChannel channel = SocketChannel.open(address)) {
      ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      return new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
    }
  }

  private static String get(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: kapsel\r\n\r\n";
  }

  @Test
  void figuresAreReadAtASocketOfTheHostAndNothingElseIs() throws IOException {
    try (Product other = Product.fresh()) {
      Path socket = other.home().resolve("metrics.sock");
      start(other, "unix:" + socket).ok();
      SocketAddress address = UnixDomainSocketAddress.of(socket);
      String[] parts = ask(address, get("/metrics")).split("\r\n\r\n", 2);

      assertThat(parts[0])
          .startsWith("HTTP/1.1 200 OK\r\n")
          .contains("Content-Type: text/plain; version=0.0.4");
      assertThat(parts[1])
          .contains("kapsel_container_running{")
          .contains("name=\"seen\"")
          .hasSameSizeAs(other.kapsel("system", "metrics").ok().out());
      assertThat(ask(address, get("/containers"))).startsWith("HTTP/1.1 404 ");
      assertThat(ask(address, "POST /metrics HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 405 ");
      assertThat(ask(address, "what\r\n\r\n")).startsWith("HTTP/1.1 400 ");
      assertThat(tooLong(address)).doesNotContain(" 200 ");
      assertThat(ask(address, get("/metrics?x=1"))).startsWith("HTTP/1.1 200 OK");
      other.removeAll();
      other.stopEngine();
      assertThat(socket).doesNotExist();
    }
  }

  /** It is hung up on, perhaps before it has read why. */
  private static String tooLong(SocketAddress address) {
    try {
      return ask(address, "GET /metrics" + "x".repeat(100_000) + " HTTP/1.1\r\n\r\n");
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static Result start(Product product, String metrics) {
    return product
        .command("create", "--name", "seen", TestRoot.reference(), "/bin/true")
        .env("KAPSEL_METRICS", metrics)
        .run();
  }

  @Test
  void figuresAreReadByTcpWhereThatIsAskedFor() throws IOException {
    try (Product other = Product.fresh();
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + taken.getLocalPort();
      Result refused = start(other, address);
      assertThat(refused.exitCode()).isEqualTo(125);
      assertThat(refused.err()).contains("cannot listen for readers of figures at");
      SocketAddress free = taken.getLocalSocketAddress();
      taken.close();

      start(other, address).ok();
      assertThat(ask(free, get("/metrics"))).contains("kapsel_containers{state=\"created\"} 1");
    }
    try (Product other = Product.fresh()) {
      assertThat(start(other, "localhost:80").err()).contains("ADDRESS:PORT such as");
    }
  }
}
