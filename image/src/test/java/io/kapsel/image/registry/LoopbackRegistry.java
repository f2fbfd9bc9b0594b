package io.kapsel.image.registry;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** A registry on loopback that answers whatever a test wants, byte by byte. */
final class LoopbackRegistry implements AutoCloseable {
  /** What came. */
  record Asked(String method, String path, Map<String, String> headers, byte[] body) {
    String header(String name) {
      return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }
  }

  /** Answers one request; the connection ends with it. */
  @FunctionalInterface
  interface Reply {
    void to(Asked asked, OutputStream out) throws IOException;
  }

  private final ServerSocket socket;
  private final String scheme;
  private volatile Reply otherwise = (_, out) -> head(out, 404, "Content-Length: 0");
  private final Map<String, Reply> replies = new ConcurrentHashMap<>();
  final List<Asked> asked = new CopyOnWriteArrayList<>();

  LoopbackRegistry() {
    this(plain(), "http");
  }

  private LoopbackRegistry(ServerSocket socket, String scheme) {
    this.socket = socket;
    this.scheme = scheme;
    Thread.ofVirtual().start(this::accept);
  }

  private static ServerSocket plain() {
    try {
      return new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One that speaks TLS with what a context has. */
  static LoopbackRegistry secure(SSLContext context, boolean wantsClients) {
    try {
      SSLServerSocket socket =
          (SSLServerSocket)
              context
                  .getServerSocketFactory()
                  .createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
      socket.setNeedClientAuth(wantsClients);
      return new LoopbackRegistry(socket, "https");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String domain() {
    return "127.0.0.1:" + socket.getLocalPort();
  }

  String url(String path) {
    return scheme + "://" + domain() + path;
  }

  /** What is not said for a path itself. */
  void otherwise(Reply reply) {
    otherwise = reply;
  }

  void on(String path, Reply reply) {
    replies.put(path, reply);
  }

  long count(String path) {
    return asked.stream().filter(each -> each.path().equals(path)).count();
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket client = socket.accept();
        Thread.ofVirtual().start(() -> serve(client));
      } catch (IOException _) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = new BufferedInputStream(client.getInputStream());
      String first = line(in);
      if (!first.endsWith("HTTP/1.1")) {
        client.getOutputStream().write("HTTP/1.0 400 no\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        return; // TLS, for instance
      }
      Map<String, String> headers = new LinkedHashMap<>();
      for (String line; !(line = line(in)).isEmpty(); ) {
        int colon = line.indexOf(':');
        headers.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
      }
      byte[] body = body(in, headers);
      String[] words = first.split(" ");
      String path = words[1].replaceFirst("\\?.*", "");
      Asked request = new Asked(words[0], words[1], headers, body);
      asked.add(request);
      replies.getOrDefault(path, otherwise).to(request, client.getOutputStream());
    } catch (IOException _) {
      // the client had enough
    }
  }

  private static byte[] body(InputStream in, Map<String, String> headers) throws IOException {
    if (!headers.getOrDefault("transfer-encoding", "").equals("chunked")) {
      return in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
    }
    java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
    for (int size; (size = Integer.parseInt(line(in), 16)) > 0; line(in)) {
      all.write(in.readNBytes(size));
    }
    line(in);
    return all.toByteArray();
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int c; (c = in.read()) >= 0 && c != '\n' && text.length() < 8192; ) {
      text.append((char) c);
    }
    return text.toString().stripTrailing();
  }

  static void head(OutputStream out, int status, String... headers) throws IOException {
    String text =
        "HTTP/1.1 "
            + status
            + " x\r\nConnection: close\r\n"
            + (headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n")
            + "\r\n";
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  /** Serves bytes, and parts of them to who asks for parts. */
  static Reply bytes(String type, byte[] bytes) {
    return (asked, out) -> {
      int from = 0;
      String range = asked.header("Range");
      if (range.startsWith("bytes=")) {
        from = Integer.parseInt(range.substring(6, range.length() - 1));
        head(
            out,
            206,
            "Content-Type: " + type,
            "Content-Length: " + (bytes.length - from),
            "Content-Range: bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
      } else {
        head(out, 200, "Content-Type: " + type, "Content-Length: " + bytes.length);
      }
      if (!asked.method().equals("HEAD")) {
        out.write(bytes, from, bytes.length - from);
      }
    };
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
