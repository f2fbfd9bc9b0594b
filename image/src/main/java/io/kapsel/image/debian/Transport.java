package io.kapsel.image.debian;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.ImageException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Reaches archives, as the host's apt would: {@code http}, {@code https} and {@code file}. */
final class Transport implements AutoCloseable {
  private static final int ATTEMPTS = 4;
  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final Duration ANSWER = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(500);

  private final HttpClient client;

  /** With the proxies of apt's configuration, else of the environment. */
  Transport(AptConfiguration apt, Map<String, String> environment) {
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(CONNECT)
            .proxy(new Proxies(apt, environment))
            .build();
  }

  /** What is done with the bytes of an answer. It may be done again from the start. */
  @FunctionalInterface
  interface Use<T> {
    /** Reads them. */
    T of(InputStream in) throws IOException;
  }

  /** The answer is that there is no such thing. */
  static final class Missing extends IOException {
    private static final long serialVersionUID = 1;

    Missing(String message) {
      super(message);
    }
  }

  /**
   * Reads what is at an address; several times if the network fails.
   *
   * @throws Missing when the archive does not have it
   * @throws ImageException.Failed when it cannot be reached
   */
  <T> T read(URI uri, Use<T> use) throws Missing, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return "file".equals(uri.getScheme()) ? local(uri, use) : remote(uri, use);
      } catch (Missing e) {
        throw e;
      } catch (IOException e) {
        if (attempt == ATTEMPTS || "file".equals(uri.getScheme())) {
          throw new ImageException.Failed("cannot download '" + uri + "': " + reason(e, uri), e);
        }
        LockSupport.parkNanos(PAUSE.toNanos() << attempt);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    }
  }

  private static <T> T local(URI uri, Use<T> use) throws IOException {
    try (InputStream in = Files.newInputStream(Path.of(uri.getPath()))) {
      return use.of(in);
    } catch (NoSuchFileException e) {
      throw new Missing("no such file or directory (ENOENT)");
    }
  }

  private <T> T remote(URI uri, Use<T> use) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(uri).timeout(ANSWER).header("User-Agent", "kapsel").build();
    HttpResponse<InputStream> response =
        client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      return switch (response.statusCode()) {
        case 200 -> use.of(in);
        case 404, 410 -> throw new Missing("the server says " + response.statusCode());
        default -> throw new IOException("the server says " + response.statusCode());
      };
    }
  }

  private static String reason(IOException e, URI uri) {
    Throwable cause = e;
    while (cause.getCause() != null
        && (cause.getMessage() == null || cause instanceof ConnectException)) {
      cause = cause.getCause();
    }
    if (cause instanceof UnknownHostException
        || cause instanceof java.nio.channels.UnresolvedAddressException) {
      return "the name '" + uri.getHost() + "' is unknown";
    }
    if (e instanceof HttpTimeoutException) {
      return "no answer in time";
    }
    if (e instanceof ConnectException && cause.getMessage() == null) {
      return "connection refused";
    }
    return cause instanceof IOException io ? AtomicFile.reason(io) : String.valueOf(cause);
  }

  @Override
  public void close() {
    client.shutdownNow();
  }

  /** Whom to ask for an address. */
  static final class Proxies extends ProxySelector {
    private final AptConfiguration apt;
    private final Map<String, String> environment;

    Proxies(AptConfiguration apt, Map<String, String> environment) {
      this.apt = apt;
      this.environment = environment;
    }

    @Override
    public List<Proxy> select(URI uri) {
      return List.of(find(uri).map(Proxies::proxy).orElse(Proxy.NO_PROXY));
    }

    /** The address of the proxy for {@code uri}; nothing when it is asked directly. */
    Optional<String> find(URI uri) {
      String scheme = String.valueOf(uri.getScheme());
      String host = String.valueOf(uri.getHost());
      String key = "Acquire::" + scheme + "::Proxy";
      Optional<String> said =
          apt.find(key + "::" + host)
              .or(() -> apt.find(key))
              .or(() -> fromEnvironment(scheme, host));
      return said.filter(it -> !it.equalsIgnoreCase("DIRECT"));
    }

    private Optional<String> fromEnvironment(String scheme, String host) {
      for (String pattern : environment.getOrDefault("no_proxy", "").split(",", -1)) {
        String name = pattern.strip().replaceFirst("^\\*?\\.", "");
        if (!name.isEmpty() && (host.equals(name) || host.endsWith("." + name))) {
          return Optional.empty();
        }
      }
      String variable = scheme.toLowerCase(Locale.ROOT) + "_proxy";
      return Optional.ofNullable(environment.get(variable))
          .or(() -> Optional.ofNullable(environment.get("all_proxy")))
          .filter(value -> !value.isBlank());
    }

    private static Proxy proxy(String text) {
      URI uri = URI.create(text.contains("://") ? text : "http://" + text);
      if (uri.getHost() == null) {
        throw new ImageException.Invalid(
            "cannot use the proxy '" + text + "': it is not an address");
      }
      int port = uri.getPort() < 0 ? 3128 : uri.getPort();
      return new Proxy(Proxy.Type.HTTP, new InetSocketAddress(uri.getHost(), port));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException e) {
      // Told by the request that failed.
    }
  }
}
