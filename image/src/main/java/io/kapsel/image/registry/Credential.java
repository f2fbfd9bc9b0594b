package io.kapsel.image.registry;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * Who asks a registry. Never printed.
 *
 * @param identityToken a refresh token of OAuth 2, instead of a password
 * @param registryToken a bearer token that is used as it is
 */
public record Credential(
    String username,
    String password,
    Optional<String> identityToken,
    Optional<String> registryToken) {
  /** A name and a password. */
  public static Credential of(String username, String password) {
    return new Credential(username, password, Optional.empty(), Optional.empty());
  }

  /** The value of a header {@code Authorization}; see RFC 7617. */
  String basic() {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((username + ":" + password).getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public String toString() {
    return "Credential[" + username + ", …]";
  }
}
