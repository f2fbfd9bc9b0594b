package io.kapsel.image.registry;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One server that has images of a registry: itself or a mirror.
 *
 * @param base what comes before {@code /v2/}, without a slash at its end
 * @param push whether images may be pushed to it
 * @param authorities files with certificates of authorities that are trusted here only
 * @param client certificate and key that prove who we are
 * @param plainAllowed whether it may turn out to speak no TLS
 */
public record Endpoint(
    URI base,
    boolean push,
    boolean verify,
    List<Path> authorities,
    Optional<ClientKey> client,
    Map<String, String> headers,
    boolean plainAllowed) {
  /** Files in PEM. */
  public record ClientKey(Path certificate, Path key) {}

  /** Copies the collections. */
  public Endpoint {
    authorities = List.copyOf(authorities);
    headers = Map.copyOf(headers);
  }

  /** The same server without TLS. */
  Endpoint plain() {
    return new Endpoint(
        URI.create(base.toString().replaceFirst("^https:", "http:")),
        push,
        verify,
        authorities,
        client,
        headers,
        false);
  }
}
