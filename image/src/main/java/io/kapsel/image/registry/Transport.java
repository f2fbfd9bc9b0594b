package io.kapsel.image.registry;

import io.kapsel.image.ImageException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to one endpoint and follows where it is sent to, but no further than is safe: five
 * redirects, never from TLS to none, never from elsewhere to this machine or its link, and without
 * whatever proves who we are once the origin is another.
 */
final class Transport {
  private static final int MOST_REDIRECTS = 5;

  private final HttpClient client;
  private final Limits limits;
  private final Proxies proxies;
  private final Map<String, String> headers;

  Transport(Endpoint endpoint, Limits limits, Proxies proxies) {
    this.limits = limits;
    this.proxies = proxies;
    this.headers = endpoint.headers();
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1) // one connection for each layer
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(limits.answer())
            .proxy(proxies);
    boolean secure = "https".equals(endpoint.base().getScheme());
    builder.sslContext(secure ? Trust.of(endpoint) : Trust.later(endpoint));
    client = builder.build();
  }

  /** What to send. The body is made anew for every attempt. */
  record Message(
      String method,
      URI uri,
      Map<String, String> headers,
      @Nullable Supplier<HttpRequest.BodyPublisher> body) {
    static Message get(URI uri, Map<String, String> headers) {
      return new Message("GET", uri, headers, null);
    }
  }

  /** Sends it, with {@code authorization} only to the origin that it is for. */
  Answer send(Message message, @Nullable String authorization) throws IOException {
    URI uri = message.uri();
    for (int redirects = 0; ; redirects++) {
      boolean home = sameOrigin(uri, message.uri());
      Answer answer = once(message, uri, home ? authorization : null, home);
      String location = location(answer, message.method());
      if (location == null) {
        return answer;
      }
      answer.close();
      if (redirects == MOST_REDIRECTS) {
        throw refused(uri, "it redirects more than five times");
      }
      uri = next(uri, location);
    }
  }

  private static @Nullable String location(Answer answer, String method) {
    boolean redirect =
        switch (answer.status()) {
          case 301, 302, 303, 307, 308 -> method.equals("GET") || method.equals("HEAD");
          default -> false;
        };
    return redirect ? answer.header("Location").orElse("") : null;
  }

  private Answer once(Message message, URI uri, @Nullable String authorization, boolean home)
      throws IOException {
    HttpRequest.Builder request;
    try {
      request = builder(uri);
      Supplier<HttpRequest.BodyPublisher> body = message.body();
      request.method(
          message.method(), body == null ? HttpRequest.BodyPublishers.noBody() : body.get());
      message.headers().forEach(request::setHeader);
      request.setHeader("User-Agent", "kapsel");
      if (home) {
        headers.forEach(request::setHeader);
      }
      if (authorization != null) {
        request.setHeader("Authorization", authorization);
      }
    } catch (IllegalArgumentException e) {
      throw refused(uri, String.valueOf(e.getMessage()));
    }
    try {
      HttpResponse<InputStream> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      return new Answer(
          response.statusCode(), response.headers(), uri, new Watched(response.body(), limits));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new java.io.InterruptedIOException("interrupted");
    }
  }

  private HttpRequest.Builder builder(URI uri) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(limits.answer());
    // The JDK shows this to the proxy only, never to whoever is behind it.
    proxies.authorization(uri).ifPresent(it -> request.setHeader("Proxy-Authorization", it));
    return request;
  }

  /** Where a redirect leads, if it may lead there. */
  static URI next(URI from, String location) {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException _) {
      throw refused(from, "it redirects to what is no address");
    }
    String scheme = String.valueOf(to.getScheme()).toLowerCase(Locale.ROOT);
    if (location.isEmpty() || to.getHost() == null || to.getUserInfo() != null) {
      throw refused(from, "it redirects to what is no address");
    }
    if (!scheme.equals("https") && !(scheme.equals("http") && isPlain(from))) {
      throw refused(from, "it redirects to '" + scheme + ":', which is not as safe");
    }
    if (!sameOrigin(from, to) && isNear(to.getHost()) && !isNear(from.getHost())) {
      throw refused(from, "it redirects to this machine or its own network link");
    }
    return to;
  }

  private static boolean isPlain(URI uri) {
    return "http".equalsIgnoreCase(uri.getScheme());
  }

  private static boolean isNear(String host) {
    try {
      for (InetAddress each : InetAddress.getAllByName(host.replaceAll("[\\[\\]]", ""))) {
        if (each.isLoopbackAddress() || each.isLinkLocalAddress() || each.isAnyLocalAddress()) {
          return true;
        }
      }
      return false;
    } catch (UnknownHostException _) {
      return false; // the connection will fail
    }
  }

  static boolean sameOrigin(URI a, URI b) {
    return String.valueOf(a.getScheme()).equalsIgnoreCase(b.getScheme())
        && String.valueOf(a.getHost()).equalsIgnoreCase(b.getHost())
        && port(a) == port(b);
  }

  private static int port(URI uri) {
    return uri.getPort() >= 0 ? uri.getPort() : isPlain(uri) ? 80 : 443;
  }

  private static ImageException refused(URI uri, String why) {
    return new ImageException.Refused("cannot use '" + uri.getHost() + "': " + why);
  }

  /** Lets go of connections. */
  void close() {
    client.shutdownNow();
  }
}
