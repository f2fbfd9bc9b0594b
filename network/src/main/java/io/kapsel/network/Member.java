package io.kapsel.network;

import java.util.List;
import java.util.Optional;

/**
 * A container that is to be joined to networks.
 *
 * @param had the places that it had and wants back, with their addresses
 */
public record Member(
    String id,
    String name,
    String hostname,
    List<Attachment> attachments,
    List<Port> ports,
    Restrictions restrictions,
    List<Endpoint> had) {
  /** Copies the lists. */
  public Member {
    attachments = List.copyOf(attachments);
    ports = List.copyOf(ports);
    had = List.copyOf(had);
  }

  /** One that runs, and is to be in one more network. */
  static Member of(Joined there, Attachment wanted) {
    return new Member(
        there.id(),
        there.name(),
        there.hostname(),
        List.of(wanted),
        List.of(),
        there.restricted(),
        List.of());
  }

  /** The place that it had in a network. */
  Optional<Endpoint> had(Network network) {
    return had.stream().filter(each -> each.network().equals(network.id())).findFirst();
  }
}
