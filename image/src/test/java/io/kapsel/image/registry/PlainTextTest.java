package io.kapsel.image.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Only what answers as a registry does is spoken to without TLS, and it is shown no password. */
class PlainTextTest {
  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1 200 OK, true",
    "HTTP/1.0 401 Unauthorized, true",
    "HTTP/1.1 404 Not Found, true",
    "HTTP/1.0 400 Client sent an HTTP request to an HTTPS server, false",
    "HTTP/1.1 301 Moved, false",
    "\u0015\u0003\u0001\u0000\u0002\u0002\u0016, false",
    "HTT, false"
  })
  void anAnswerTells(String answer, boolean plain) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      CompletableFuture<String> asked = CompletableFuture.supplyAsync(() -> serve(server, answer));
      URI base = URI.create("https://127.0.0.1:" + server.getLocalPort());

      assertThat(PlainText.isSpokenBy(base)).isEqualTo(plain);
      assertThat(asked.get(20, TimeUnit.SECONDS))
          .startsWith("GET /v2/ HTTP/1.1\r\n")
          .doesNotContainIgnoringCase("authorization");
    }
  }

  private static String serve(ServerSocket server, String answer) {
    try (Socket socket = server.accept();
        InputStream in = socket.getInputStream()) {
      StringBuilder question = new StringBuilder();
      while (question.indexOf("\r\n\r\n") < 0) {
        question.append((char) in.read());
      }
      socket.getOutputStream().write((answer + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
      return question.toString();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
