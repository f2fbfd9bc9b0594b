package io.kapsel.image.registry;

import io.kapsel.base.JsonException;
import io.kapsel.image.ImageException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A list that a registry gives out in pages; distribution-spec, "Listing Tags". */
final class Pages {
  private static final int MOST_PAGES = 1000;
  private static final int MOST_NAMES = 1_000_000;
  private static final int LARGEST_PAGE = 4 << 20;

  private Pages() {}

  /**
   * All names; pages are followed as long as they lead on at the same registry.
   *
   * @param first path of the first page, below {@code /v2/}
   */
  static List<String> all(
      Server server, String first, String scope, String action, Function<byte[], List<String>> read)
      throws IOException {
    List<String> all = new ArrayList<>();
    Optional<URI> next = Optional.empty();
    for (int page = 0; page == 0 || next.isPresent(); page++) {
      Optional<URI> here = next;
      Server.Wanted wanted =
          () -> Transport.Message.get(here.orElseGet(() -> server.uri(first)), Map.of());
      try (Answer answer = server.send(wanted, scope)) {
        if (!answer.ok()) {
          throw server.failure(answer, action);
        }
        all.addAll(read.apply(answer.read(LARGEST_PAGE)));
        next = following(answer.header("Link").orElse(""), answer.uri());
      } catch (JsonException e) {
        throw new ImageException.Refused("cannot " + action + ": " + e.getMessage());
      }
      if (page == MOST_PAGES || all.size() > MOST_NAMES) {
        throw new ImageException.Refused("cannot " + action + ": the list does not end");
      }
    }
    return all;
  }

  /** The page that a header {@code Link} names; see RFC 8288. */
  static Optional<URI> following(String header, URI here) {
    int end = header.indexOf('>');
    if (!header.startsWith("<") || end < 0 || !header.contains("rel=\"next\"")) {
      return Optional.empty();
    }
    try {
      URI next = here.resolve(header.substring(1, end));
      return Optional.of(next).filter(it -> Transport.sameOrigin(it, here) && !it.equals(here));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
