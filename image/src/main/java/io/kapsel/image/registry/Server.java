package io.kapsel.image.registry;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.image.ImageException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** One endpoint, asked politely: logs in when it must, and again after a while when it is busy. */
final class Server implements AutoCloseable {
  private static final int LARGEST_ERROR = 64 << 10;
  private static final int LOGINS = 2;

  private final Limits limits;
  private final Optional<Credential> credential;
  private final Proxies proxies;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile Link link;

  /** What a registry says went wrong; distribution-spec, "Error Codes". */
  record Errors(List<ErrorEntry> errors) {}

  /** One of them. */
  record ErrorEntry(Optional<String> code, Optional<String> message) {}

  private record Link(Endpoint endpoint, Transport transport, Authorization authorization) {}

  Server(Endpoint endpoint, Limits limits, Optional<Credential> credential, Proxies proxies) {
    this.limits = limits;
    this.credential = credential;
    this.proxies = proxies;
    this.link = link(endpoint);
  }

  private Link link(Endpoint endpoint) {
    Transport transport = new Transport(endpoint, limits, proxies);
    return new Link(
        endpoint,
        transport,
        new Authorization(endpoint.base(), transport, credential, System::nanoTime));
  }

  Limits limits() {
    return limits;
  }

  Endpoint endpoint() {
    return link.endpoint();
  }

  String host() {
    URI base = endpoint().base();
    return base.getHost() + (base.getPort() < 0 ? "" : ":" + base.getPort());
  }

  /** The address of something below {@code /v2/}. */
  URI uri(String path) {
    return URI.create(endpoint().base() + "/v2/" + path);
  }

  /** Something to send, with its address made anew, for the endpoint may turn out to be plain. */
  @FunctionalInterface
  interface Wanted {
    Transport.Message message();
  }

  /** Sends until there is an answer that is neither a refusal nor a request for patience. */
  Answer send(Wanted wanted, String scope) throws IOException {
    int logins = 0;
    for (int attempt = 1; ; attempt++) {
      Answer answer;
      try {
        answer = attempt(wanted, scope);
        while (answer.status() == 401 && logins++ < LOGINS) {
          answer = login(answer, wanted, scope);
        }
      } catch (java.io.InterruptedIOException | SSLException e) {
        throw e; // who is not trusted now is not trusted in a second
      } catch (IOException e) {
        if (attempt >= limits.attempts() || Thread.currentThread().isInterrupted()) {
          throw e;
        }
        pause(attempt, Optional.empty());
        continue;
      }
      if (!isBusy(answer.status()) || attempt >= limits.attempts()) {
        return answer;
      }
      Optional<Duration> asked = retryAfter(answer);
      answer.close();
      pause(attempt, asked);
    }
  }

  private Answer attempt(Wanted wanted, String scope) throws IOException {
    Link now = link;
    try {
      return deliver(now, wanted, scope);
    } catch (SSLException e) {
      if (!now.endpoint().plainAllowed() || !isNoTls(e)) {
        throw e;
      }
      now.transport().close();
      link = link(now.endpoint().plain());
      return deliver(link, wanted, scope);
    }
  }

  private static boolean isNoTls(SSLException e) {
    return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("unrecognized ssl");
  }

  private static Answer deliver(Link now, Wanted wanted, String scope) throws IOException {
    Transport.Message message = wanted.message();
    @Nullable String header =
        Transport.sameOrigin(message.uri(), now.endpoint().base())
            ? now.authorization().known(scope).orElse(null)
            : null;
    return now.transport().send(message, header);
  }

  private Answer login(Answer refusal, Wanted wanted, String scope) throws IOException {
    Link now = link;
    if (!Transport.sameOrigin(wanted.message().uri(), now.endpoint().base())) {
      return refusal;
    }
    List<String> challenges = refusal.headers().allValues("WWW-Authenticate");
    Optional<String> header = now.authorization().answer(challenges, scope);
    if (header.isEmpty()) {
      return refusal;
    }
    refusal.close();
    return now.transport().send(wanted.message(), header.get());
  }

  private static boolean isBusy(int status) {
    return switch (status) {
      case 408, 429, 500, 502, 503, 504 -> true;
      default -> false;
    };
  }

  private static Optional<Duration> retryAfter(Answer answer) {
    String text = answer.header("Retry-After").orElse("");
    if (text.matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
    }
    try {
      Instant when = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return Optional.of(Duration.between(Instant.now(), when)).filter(it -> !it.isNegative());
    } catch (DateTimeParseException _) {
      return Optional.empty();
    }
  }

  /** Waits longer each time, and never as long as others do, so that they do not meet again. */
  void pause(int attempt, Optional<Duration> asked) throws IOException {
    if (asked.filter(it -> it.compareTo(limits.longestPause()) > 0).isPresent()) {
      throw new ImageException.Refused(
          "cannot use '%s': it is busy, and asks to come back in %d seconds"
              .formatted(host(), asked.get().toSeconds()));
    }
    long usual = limits.pause().toMillis() << Math.min(attempt - 1, 5);
    long millis =
        asked
            .map(Duration::toMillis)
            .orElseGet(() -> usual / 2 + ThreadLocalRandom.current().nextLong(usual / 2 + 1));
    try {
      if (closing.await(millis, TimeUnit.MILLISECONDS)) {
        throw new java.io.InterruptedIOException("closed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new java.io.InterruptedIOException("interrupted");
    }
  }

  /** What an answer that is no success means; it is closed. */
  ImageException failure(Answer answer, String action) {
    try (answer) {
      String said = said(answer);
      String message =
          "cannot %s: '%s' answers %d%s".formatted(action, host(), answer.status(), said);
      return switch (answer.status()) {
        case 404 -> new ImageException.NotFound(message);
        case 401, 403 ->
            new ImageException.Refused(
                message + (credential.isEmpty() ? "; it may be private: try kapsel login" : ""));
        default -> new ImageException.Refused(message);
      };
    }
  }

  private static String said(Answer answer) {
    try {
      List<ErrorEntry> errors = Json.read(answer.read(LARGEST_ERROR), Errors.class).errors();
      if (errors.isEmpty()) {
        return "";
      }
      ErrorEntry first = errors.getFirst();
      String text = first.code().orElse("") + " " + first.message().orElse("");
      String plain = text.replaceAll("[^\\p{Print}]", "?").strip();
      return " (" + (plain.length() > 300 ? plain.substring(0, 300) + "…" : plain) + ")";
    } catch (IOException | JsonException _) {
      return "";
    }
  }

  @Override
  public void close() {
    closing.countDown();
    link.transport().close();
  }
}
