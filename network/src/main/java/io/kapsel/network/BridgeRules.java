package io.kapsel.network;

/** What the rules for packets need to know of a bridge. */
record BridgeRules(
    String link, boolean internal, boolean neighbours, boolean masquerade, boolean leases) {
  static BridgeRules of(Network network, Naming naming) {
    return new BridgeRules(
        naming.bridge(network),
        network.internal(),
        network.letsNeighboursTalk(),
        network.masquerades(),
        network.leases());
  }
}
