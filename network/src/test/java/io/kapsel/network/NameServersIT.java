package io.kapsel.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.netlink.Addresses;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.Links;
import io.kapsel.linux.netlink.NetlinkReply;
import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.linux.netlink.NetworkNamespace;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The resolver of a container, in a network namespace that this test made itself. */
class NameServersIT {
  @Test
  void aLoopbackThatIsNotUpYetIsNoReasonToFail() {
    try (NetworkNamespace namespace = NetworkNamespace.create();
        NetlinkSocket socket = namespace.in(NetlinkSocket::route);
        NameServers servers = new NameServers(new Policing(new Naming("abc")))) {
      int lo = Links.find(socket, "lo").orElseThrow().index();
      List<NetlinkReply> _ =
          socket.ask("as a container's link has", Addresses.add(lo, Cidr.parse("10.9.9.9/32")));
      assertThat(Links.find(socket, "lo").orElseThrow().up()).isFalse();

      servers.serve("a".repeat(64), namespace);

      assertThat(Links.find(socket, "lo").orElseThrow().up()).isTrue();
    }
  }
}
