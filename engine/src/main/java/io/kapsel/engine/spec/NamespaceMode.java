package io.kapsel.engine.spec;

import java.util.Set;

/** Whose namespace of some kind a container lives in. */
public sealed interface NamespaceMode {
  /** One of its own; for the network, one with a way to the outside where there is one. */
  record Own() implements NamespaceMode {}

  /** The host's. */
  record Host() implements NamespaceMode {}

  /** That of another container, by name or id. */
  record Container(String reference) implements NamespaceMode {}

  /** One of its own. */
  NamespaceMode OWN = new Own();

  /** The host's. */
  NamespaceMode HOST = new Host();

  /** Reads the operand of {@code --network}. */
  static NamespaceMode parseNetwork(String text) {
    InvalidRequestException.unless(
        Set.of("none", "host").contains(text) || text.startsWith("container:"),
        "'%s' is not a network; use none, host or container:NAME",
        text);
    return text.equals("none") ? OWN : parse("network", text, true);
  }

  /** Reads the operand of {@code --ipc}, {@code --pid}, {@code --uts}, {@code --cgroupns}. */
  static NamespaceMode parse(String kind, String text, boolean joinable) {
    if (text.isEmpty() || text.equals("private") || text.equals("shareable")) {
      return OWN;
    }
    if (text.equals("host")) {
      return HOST;
    }
    String reference = text.startsWith("container:") ? text.substring("container:".length()) : "";
    InvalidRequestException.unless(
        joinable && !reference.isEmpty(),
        "'%s' is not a mode of --%s; use private, host%s",
        text,
        kind,
        joinable ? " or container:NAME" : "");
    return new Container(reference);
  }
}
