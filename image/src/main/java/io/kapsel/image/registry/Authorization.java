package io.kapsel.image.registry;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.base.JsonName;
import io.kapsel.image.ImageException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Proves to one registry who asks: not at all, by name and password, or by tokens that a server of
 * its own gives out; see the "Token Authentication Specification" of distribution. Tokens are kept
 * for as long as they hold, one for each scope.
 */
final class Authorization {
  private static final int LARGEST_ANSWER = 1 << 20;
  private static final int LONGEST_TOKEN = 64 << 10;
  private static final long SHORTEST_LIFE_SECONDS = 60;
  private static final long MARGIN_SECONDS = 10;

  /** What a token server answers. */
  record TokenAnswer(
      Optional<String> token,
      @JsonName("access_token") Optional<String> accessToken,
      @JsonName("expires_in") Optional<Long> expiresIn) {}

  private record Token(String value, long deadline) {}

  private final URI registry;
  private final Transport transport;
  private final Optional<Credential> credential;
  private final LongSupplier nanoTime;
  private final Map<String, Token> tokens = new ConcurrentHashMap<>();
  private volatile boolean basic;

  Authorization(
      URI registry, Transport transport, Optional<Credential> credential, LongSupplier nanoTime) {
    this.registry = registry;
    this.transport = transport;
    this.credential = credential;
    this.nanoTime = nanoTime;
  }

  /** The header for a scope, as far as it is known without asking. */
  Optional<String> known(String scope) {
    if (basic) {
      return credential.map(Credential::basic);
    }
    return Optional.ofNullable(tokens.get(scope))
        .filter(token -> token.deadline() - nanoTime.getAsLong() > 0)
        .map(token -> "Bearer " + token.value());
  }

  /** The header that answers a refusal; nothing when there is none. */
  Optional<String> answer(List<String> challenges, String scope) throws IOException {
    tokens.remove(scope);
    for (Challenge each : Challenge.parse(challenges)) {
      if (each.scheme().equals("bearer")) {
        return Optional.of("Bearer " + fetch(each, scope));
      }
      if (each.scheme().equals("basic") && credential.isPresent()) {
        basic = true;
        return credential.map(Credential::basic);
      }
    }
    return Optional.empty();
  }

  private String fetch(Challenge challenge, String scope) throws IOException {
    Optional<String> ready = credential.flatMap(Credential::registryToken);
    if (ready.isPresent()) {
      return ready.get();
    }
    URI realm = realm(challenge.get("realm").orElse(""));
    // The scope is ours: a registry that asks for another one would get a token for that.
    String scopes = scope.isEmpty() ? challenge.get("scope").orElse("") : scope;
    Optional<Credential> shown = credential.filter(_ -> mayKnow(realm));
    Transport.Message message = request(realm, challenge.get("service").orElse(""), scopes, shown);
    String header =
        shown.isPresent() && shown.get().identityToken().isEmpty() ? shown.get().basic() : null;
    try (Answer answer = transport.send(message, header)) {
      if (!answer.ok()) {
        throw new ImageException.Refused(
            "cannot log in to '%s': '%s' answers %d%s"
                .formatted(
                    registry.getHost(),
                    realm.getHost(),
                    answer.status(),
                    credential.isPresent() && shown.isEmpty()
                        ? "; your password was not shown to it, for it is another's server"
                        : ""));
      }
      return keep(scope, answer.read(LARGEST_ANSWER));
    }
  }

  private String keep(String scope, byte[] body) throws IOException {
    TokenAnswer read;
    try {
      read = Json.read(body, TokenAnswer.class);
    } catch (JsonException e) {
      throw new IOException("the token server's answer " + e.getMessage(), e);
    }
    String token = read.token().or(read::accessToken).orElse("");
    if (token.isEmpty()
        || token.length() > LONGEST_TOKEN
        || !token.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw new IOException("the token server's answer has no token that can be used");
    }
    long life = Math.clamp(read.expiresIn().orElse(0L), SHORTEST_LIFE_SECONDS, 1L << 31);
    long deadline = nanoTime.getAsLong() + Duration.ofSeconds(life - MARGIN_SECONDS).toNanos();
    tokens.put(scope, new Token(token, deadline));
    return token;
  }

  private static Transport.Message request(
      URI realm, String service, String scopes, Optional<Credential> credential) {
    Map<String, String> query = new LinkedHashMap<>();
    query.put("service", service);
    StringBuilder text = new StringBuilder(form(query));
    for (String scope : scopes.split(" ")) {
      if (!scope.isEmpty()) {
        text.append("&scope=").append(encode(scope));
      }
    }
    Optional<String> refresh = credential.flatMap(Credential::identityToken);
    if (refresh.isEmpty()) {
      String separator = realm.getRawQuery() == null ? "?" : "&";
      return Transport.Message.get(URI.create(realm + separator + text), Map.of());
    }
    Map<String, String> body = new LinkedHashMap<>();
    body.put("grant_type", "refresh_token");
    body.put("refresh_token", refresh.get());
    body.put("client_id", "kapsel");
    body.put("scope", scopes);
    body.put("service", service);
    return new Transport.Message(
        "POST",
        realm,
        Map.of("Content-Type", "application/x-www-form-urlencoded"),
        () -> HttpRequest.BodyPublishers.ofString(form(body)));
  }

  private static String form(Map<String, String> values) {
    StringBuilder text = new StringBuilder();
    values.forEach((key, value) ->
        text.append(text.isEmpty() ? "" : "&").append(key).append('=').append(encode(value)));
    return text.toString();
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private URI realm(String text) {
    try {
      URI realm = URI.create(text);
      boolean plain = "http".equals(realm.getScheme()) && "http".equals(registry.getScheme());
      if ((plain || "https".equals(realm.getScheme()))
          && realm.getHost() != null
          && realm.getUserInfo() == null
          && realm.getFragment() == null) {
        return realm;
      }
    } catch (IllegalArgumentException _) {
      // said below
    }
    throw new ImageException.Refused(
        "cannot log in to '" + registry.getHost() + "': it names no token server that is safe");
  }

  /**
   * A password is for the registry and its siblings: {@code registry.x.org} and {@code auth.x.org}.
   */
  private boolean mayKnow(URI realm) {
    String mine = registry.getHost();
    String other = realm.getHost();
    if (mine.equalsIgnoreCase(other)) {
      return true;
    }
    String domain = domain(mine);
    return !domain.isEmpty() && domain.equalsIgnoreCase(domain(other));
  }

  private static String domain(String host) {
    String[] labels = host.split("\\.");
    if (labels.length < 2 || host.matches("[0-9.]+|\\[.*")) {
      return "";
    }
    boolean shared =
        labels[labels.length - 1].length() == 2 && labels[labels.length - 2].length() <= 3;
    int count = shared ? 3 : 2;
    return labels.length < count
        ? ""
        : String.join(
            ".", java.util.Arrays.copyOfRange(labels, labels.length - count, labels.length));
  }
}
