package io.kapsel.engine;

import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.network.Endpoint;
import io.kapsel.network.Joined;
import io.kapsel.network.Networks;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Names of single other containers ({@code --link}), as they were used before there were networks
 * with names.
 */
final class Linking {
  private final Networks networks;
  private final Function<String, Container> containers;

  Linking(Networks networks, Function<String, Container> containers) {
    this.networks = networks;
    this.containers = containers;
  }

  /** The containers that are meant must be there. */
  void check(NetworkRequest asked) {
    for (NetworkRequest.Link link : asked.linked()) {
      try {
        Container _ = containers.apply(link.name());
      } catch (EngineException.NotFound e) {
        throw new EngineException.Invalid(
            "link", link.name(), "could not get container for " + link.name());
      }
    }
  }

  /** The lines of /etc/hosts; those who are linked to must run, in a network of both. */
  List<String> lines(NetworkRequest asked, Joined joined) {
    List<String> lines = new ArrayList<>();
    for (NetworkRequest.Link link : asked.linked()) {
      Container other = containers.apply(link.name());
      Joined there =
          networks
              .member(other.id())
              .orElseThrow(() ->
                  new EngineException.Conflict(
                      "link", link.name(), "it does not run in a network; start it first"));
      Endpoint common =
          common(joined, there)
              .orElseThrow(() ->
                  new EngineException.Conflict(
                      "link", link.name(), "it is in no network of '" + joined.name() + "'"));
      String names = "\t" + link.alias() + " " + there.hostname() + " " + there.name();
      common.ipv4().ifPresent(it -> lines.add(it + names));
      common.ipv6().ifPresent(it -> lines.add(it + names));
    }
    return lines;
  }

  private static Optional<Endpoint> common(Joined one, Joined other) {
    return one.endpoints().stream().flatMap(each -> other.in(each.network()).stream()).findFirst();
  }

  /** Whether one names the other. */
  boolean names(NetworkRequest asked, String id) {
    return asked.linked().stream()
        .anyMatch(link -> {
          try {
            return containers.apply(link.name()).id().equals(id);
          } catch (EngineException _) {
            return false; // it was removed
          }
        });
  }
}
