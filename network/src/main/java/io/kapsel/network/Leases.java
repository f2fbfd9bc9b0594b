package io.kapsel.network;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.network.dhcp.DhcpServer;
import io.kapsel.network.dhcp.Lease;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * The servers of those networks whose members ask for their addresses. Callers hold the lock of
 * {@link Networks}.
 */
final class Leases implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Leases.class.getName());
  private static final InetAddress RESOLVER = Cidr.address("127.0.0.11");

  private final Naming naming;
  private final BiFunction<Network, String, Optional<Joined>> holders;
  private final Map<String, DhcpServer> servers = new HashMap<>();

  /**
   * With what it must know.
   *
   * @param holders who has a card in a network
   */
  Leases(Naming naming, BiFunction<Network, String, Optional<Joined>> holders) {
    this.naming = naming;
    this.holders = holders;
  }

  /** Has a network served, unless it is, or is not to be. */
  void serve(Network network) {
    if (!network.leases() || servers.containsKey(network.id())) {
      return;
    }
    servers.put(
        network.id(),
        DhcpServer.open(
            naming.bridge(network),
            card -> holders.apply(network, card).flatMap(it -> lease(it, network))));
  }

  /** Serves a bridge that was made anew, or found; whoever is there goes on also without it. */
  void serveAgain(Network network) {
    stop(network);
    try {
      serve(network);
    } catch (SyscallException e) {
      LOG.log(System.Logger.Level.ERROR, "addresses are not leased network=" + network.name(), e);
    }
  }

  void stop(Network network) {
    DhcpServer server = servers.remove(network.id());
    if (server != null) {
      server.close();
    }
  }

  private static Optional<Lease> lease(Joined joined, Network network) {
    Optional<InetAddress> address = joined.in(network.id()).flatMap(Endpoint::ipv4Address);
    return network
        .ipv4Subnet()
        .filter(_ -> address.isPresent())
        .map(subnet ->
            new Lease(
                address.orElseThrow(),
                subnet.network().prefix(),
                subnet.gatewayAddress(),
                network.internal() ? Optional.empty() : Optional.of(subnet.gatewayAddress()),
                List.of(RESOLVER),
                joined.hostname(),
                network.mtu()));
  }

  @Override
  public void close() {
    servers.values().forEach(DhcpServer::close);
    servers.clear();
  }
}
