package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.network.Attachment;
import java.util.ArrayList;
import java.util.List;

/** The networks of a container that is there. */
final class Connecting {
  private final Kapsel engine;
  private final Container container;

  Connecting(Kapsel engine, Container container) {
    this.engine = engine;
    this.container = container;
  }

  /** Joins it to one more network: at once if it runs, and each time that it is started. */
  void connect(Attachment wanted) {
    container.life().lock();
    try {
      container.checkThere("connect");
      NetworkRequest asked = request("connect");
      Attachment meant =
          Joining.translated("connect", container.name(), () -> engine.joining.named(wanted));
      List<Attachment> all = new ArrayList<>(asked.attachments());
      if (all.stream().anyMatch(each -> each.network().equals(meant.network()))) {
        throw new EngineException.Conflict(
            "connect", container.name(), "it is in network " + meant.network() + " already");
      }
      all.add(meant);
      container
          .status()
          .pid()
          .ifPresent(pid -> engine.joining.connect(container.record(), pid, meant));
      attached(asked.attachedTo(all));
    } finally {
      container.life().unlock();
    }
  }

  /** Takes it out of a network. */
  void disconnect(String network) {
    container.life().lock();
    try {
      NetworkRequest asked = request("disconnect");
      String meant =
          Joining.translated(
              "disconnect", container.name(), () -> engine.networks().find(network).name());
      List<Attachment> rest =
          asked.attachments().stream().filter(it -> !it.network().equals(meant)).toList();
      if (rest.size() == asked.attachments().size()) {
        throw new EngineException.Conflict(
            "disconnect", container.name(), "container is not connected to network " + meant);
      }
      container
          .status()
          .pid()
          .ifPresent(pid -> engine.joining.disconnect(container.record(), pid, meant));
      attached(asked.attachedTo(rest));
    } finally {
      container.life().unlock();
    }
  }

  private NetworkRequest request(String action) {
    if (!(container.spec().network() instanceof NamespaceMode.Own)) {
      throw new EngineException.Conflict(action, container.name(), "it has no network of its own");
    }
    return container.spec().networks().orElseGet(NetworkRequest::in);
  }

  private void attached(NetworkRequest request) {
    container.replace(
        container
            .record()
            .specified(new ContainerSpecBuilder(container.spec()).networks(request).build()));
  }
}
