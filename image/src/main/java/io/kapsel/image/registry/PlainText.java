package io.kapsel.image.registry;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Whether a registry of this machine speaks no TLS. It is asked first, with nothing that would be
 * worth hiding, because a handshake that fails costs a hundred times as much.
 */
final class PlainText {
  private static final int PATIENCE_MILLIS = 2_000;
  private static final int LONGEST_STATUS = 12;

  /** What speaks TLS answers 400, something that is no HTTP, or a redirect. */
  private static final Pattern REGISTRY = Pattern.compile("HTTP/1\\.[01] (200|401|404)");

  private PlainText() {}

  /** Whether an answer of HTTP comes from there. */
  static boolean isSpokenBy(URI base) {
    int port = base.getPort() < 0 ? 80 : base.getPort();
    String question =
        "GET /v2/ HTTP/1.1\r\nHost: %s\r\nUser-Agent: kapsel\r\nConnection: close\r\n\r\n"
            .formatted(base.getAuthority());
    try (Socket socket = new Socket()) {
      String host = base.getHost().replaceAll("[\\[\\]]", "");
      socket.connect(new InetSocketAddress(host, port), PATIENCE_MILLIS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.getOutputStream().write(question.getBytes(StandardCharsets.US_ASCII));
      try (InputStream in = socket.getInputStream()) {
        String start = new String(in.readNBytes(LONGEST_STATUS), StandardCharsets.ISO_8859_1);
        return REGISTRY.matcher(start).matches();
      }
    } catch (IOException _) {
      return false; // whatever it is, TLS will say
    }
  }
}
