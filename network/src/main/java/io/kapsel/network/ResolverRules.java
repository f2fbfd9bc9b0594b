package io.kapsel.network;

import io.kapsel.linux.nftables.Batch;
import io.kapsel.linux.nftables.Family;
import io.kapsel.linux.nftables.Hook;
import io.kapsel.linux.nftables.Rule;
import io.kapsel.linux.nftables.Table;
import io.kapsel.linux.nftables.Verdict;

/**
 * In a container: what goes to port 53 of 127.0.0.11 arrives at the resolver's ports, which leaves
 * port 53 to the container. Ports are exchanged packet by packet, so that no connection has to be
 * tracked for it.
 */
final class ResolverRules {
  private static final Table TABLE = new Table(Family.IPV4, "kapsel-resolver");
  private static final byte[] ADDRESS = {127, 0, 0, 11};
  private static final byte[] DOMAIN = {0, 53};
  private static final int TO = 16;
  private static final int FROM = 12;
  private static final byte TCP = 6;
  private static final byte UDP = 17;

  private ResolverRules() {}

  static Batch of(int udp, int tcp) {
    Batch batch = new Batch().replace(TABLE);
    batch.chain(TABLE, "output", new Hook("filter", Hook.Point.OUTPUT, Hook.RAW));
    batch.chain(TABLE, "input", new Hook("filter", Hook.Point.INPUT, Hook.RAW));
    skip(batch, "output", Rule.Meta.OUT_NUMBER);
    skip(batch, "input", Rule.Meta.IN_NUMBER);
    exchange(batch, UDP, udp);
    exchange(batch, TCP, tcp);
    return batch;
  }

  /** Most packets are not for the resolver. */
  private static void skip(Batch batch, String chain, Rule.Meta link) {
    batch.rule(TABLE, chain, new Rule().loopback(link, false).then(Verdict.ACCEPT));
  }

  private static void exchange(Batch batch, byte protocol, int port) {
    byte[] own = {(byte) (port >> 8), (byte) port};
    int checksum = protocol == TCP ? 16 : 6;
    batch.rule(
        TABLE, "output", match(protocol, TO, 2, DOMAIN).load(own, 0).storePort(0, 2, checksum));
    batch.rule(
        TABLE, "input", match(protocol, FROM, 0, own).load(DOMAIN, 0).storePort(0, 0, checksum));
  }

  private static Rule match(byte protocol, int address, int offset, byte[] port) {
    return new Rule()
        .load(Rule.Base.NETWORK, address, 4, 0)
        .equal(0, ADDRESS)
        .load(Rule.Meta.PROTOCOL, 0)
        .equal(0, protocol)
        .load(Rule.Base.TRANSPORT, offset, 2, 0)
        .equal(0, port);
  }
}
