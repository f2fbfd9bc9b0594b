package io.kapsel.lxc;

import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.network.Attachment;
import io.kapsel.network.HostLink;
import java.util.ArrayList;
import java.util.List;

/**
 * The network cards of a configuration: each is in the network of the engine that link names, or on
 * a link of the host.
 */
final class LxcNetworks {
  private final LxcConfig config;

  LxcNetworks(LxcConfig config) {
    this.config = config;
  }

  void addTo(ContainerSpecBuilder spec) {
    List<Attachment> networks = new ArrayList<>();
    List<HostLink> links = new ArrayList<>();
    spec.network(NamespaceMode.parseNetwork("none"));
    for (LxcCard card : LxcCard.all(config)) {
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
