package io.kapsel.image.registry;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.base.JsonName;
import io.kapsel.image.ImageException;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks for repositories by a word: by the search of Docker Hub, which other registries offer too,
 * and where there is none, in the list of all repositories.
 */
public final class Search {
  private static final int LARGEST_ANSWER = 4 << 20;
  private static final String HUB_HOST = "registry-1.docker.io";
  private static final String HUB_SEARCH = "https://index.docker.io";

  /** A repository. */
  public record Found(String name, String description, int stars, boolean official) {}

  record Answered(List<Entry> results) {}

  record Entry(
      Optional<String> name,
      Optional<String> description,
      @JsonName("star_count") Optional<Integer> stars,
      @JsonName("is_official") Optional<Boolean> official) {}

  private final Client client;

  /** By way of {@code client}. */
  public Search(Client client) {
    this.client = client;
  }

  /** What {@code term} finds in a registry, at most {@code limit}. */
  public List<Found> run(String domain, String term, int limit) {
    Reference any = new Reference(domain, "library/search", Optional.empty(), Optional.empty());
    return client.any(
        any,
        "search",
        repository -> {
          Server server = repository.server();
          Optional<List<Found>> found = ask(server, term, limit);
          return found.isPresent()
              ? found.get().stream().limit(limit).toList()
              : among(repositories(server), term, limit);
        });
  }

  /** The answer of version 1 of the search; nothing when the registry has none. */
  private static Optional<List<Found>> ask(Server server, String term, int limit)
      throws IOException {
    String path = "/v1/search?q=" + URLEncoder.encode(term, StandardCharsets.UTF_8) + "&n=" + limit;
    Server.Wanted wanted = () -> Transport.Message.get(URI.create(where(server) + path), Map.of());
    try (Answer answer = server.send(wanted, "")) {
      if (answer.status() == 404) {
        return Optional.empty();
      }
      if (!answer.ok()) {
        throw server.failure(answer, "search for '" + term + "'");
      }
      return Optional.of(
          Json.read(answer.read(LARGEST_ANSWER), Answered.class).results().stream()
              .map(Search::found)
              .toList());
    } catch (JsonException e) {
      throw new ImageException.Refused("cannot search for '" + term + "': " + e.getMessage());
    }
  }

  private static String where(Server server) {
    URI base = server.endpoint().base();
    return HUB_HOST.equals(base.getHost()) ? HUB_SEARCH : base.toString();
  }

  private static Found found(Entry entry) {
    return new Found(
        entry.name().orElse(""),
        entry.description().orElse(""),
        entry.stars().orElse(0),
        entry.official().orElse(false));
  }

  /** All repositories of a registry; see the "Catalog" of distribution. */
  static List<String> repositories(Server server) throws IOException {
    return Pages.all(
        server,
        "_catalog?n=1000",
        "registry:catalog:*",
        "list the repositories of '" + server.host() + "'",
        page -> Json.read(page, Catalogue.class).repositories());
  }

  record Catalogue(List<String> repositories) {}

  private static List<Found> among(List<String> names, String term, int limit) {
    return names.stream()
        .filter(name -> name.contains(term))
        .limit(limit)
        .map(name -> new Found(name, "", 0, false))
        .toList();
  }
}
