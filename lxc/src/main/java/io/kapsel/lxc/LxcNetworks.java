package io.kapsel.lxc;

import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.netlink.Link;
import io.kapsel.linux.netlink.Links;
import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.network.Attachment;
import io.kapsel.network.HostLink;
import java.util.ArrayList;
import java.util.List;

/**
 * The network cards of a configuration: each is in the network of the engine that link names, or on
 * a link of the host.
 */
final class LxcNetworks {
  private static final String PAIR = "veth.pair";

  private final LxcConfig config;

  LxcNetworks(LxcConfig config) {
    this.config = config;
  }

  /**
   * Gives the host's ends of cards the names that are said, beside those that the engine's rules
   * for packets know.
   *
   * @param ends those of cards in networks of the engine, in their order
   */
  void name(List<String> ends) {
    LxcCard.with(ends, config)
        .forEach((card, end) -> card.last(PAIR).ifPresent(said -> name(end, said)));
  }

  private static void name(String end, LxcConfig.Entry said) {
    try (NetlinkSocket host = NetlinkSocket.route()) {
      Link link =
          Links.find(host, end)
              .orElseThrow(() -> said.wrong("in this network, the card has no end on the host"));
      var _ =
          host.ask(
              "name '" + end + "' '" + said.value() + "'", Links.name(link.index(), said.value()));
    } catch (SyscallException e) {
      throw said.wrong(String.valueOf(e.getMessage()));
    }
  }

  void addTo(ContainerSpecBuilder spec) {
    List<Attachment> networks = new ArrayList<>();
    List<HostLink> links = new ArrayList<>();
    spec.network(NamespaceMode.parseNetwork("none"));
    for (LxcCard card : LxcCard.all(config)) {
      card.last(PAIR)
          .filter(_ -> !card.type().equals("veth"))
          .ifPresent(it -> {
            throw it.wrong("only a card of the type 'veth' has an end on the host");
          });
      if (card.type().equals("none")) {
        spec.network(NamespaceMode.parseNetwork("host"));
      } else if (card.isJoined()) {
        String inside = "eth" + networks.size();
        Attachment place = card.attachment(inside);
        if (networks.stream().anyMatch(it -> it.network().equals(place.network()))) {
          throw card.line().wrong("a container has one card in a network, not two in one");
        }
        networks.add(place);
        card.change(inside).ifPresent(links::add);
      } else if (!card.type().equals("empty")) {
        links.add(card.hostLink());
      }
    }
    if (!networks.isEmpty()) {
      spec.network(NamespaceMode.OWN);
    }
    spec.networks(NetworkRequest.in().attachedTo(networks).with(links));
  }
}
