package io.kapsel.network;

import java.util.List;

/** A container that is to be joined to networks. */
public record Member(
    String id,
    String name,
    String hostname,
    List<Attachment> attachments,
    List<Port> ports,
    Restrictions restrictions) {
  /** Copies the lists. */
  public Member {
    attachments = List.copyOf(attachments);
    ports = List.copyOf(ports);
  }
}
