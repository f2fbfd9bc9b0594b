package io.kapsel.image;

import io.kapsel.oci.image.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Content that is not to be collected although no name leads to it yet. */
public final class Pins implements AutoCloseable {
  private final ImageStore store;
  private final List<Digest> held = new ArrayList<>();

  Pins(ImageStore store) {
    this.store = store;
  }

  /** Holds {@code digest} until this is closed, whether it is there already or not. */
  public synchronized void add(Digest digest) {
    held.add(digest);
    store.pin(digest);
  }

  /** Holds all that an image consists of, packed and unpacked. */
  public void add(Image image) {
    add(image.descriptor().id());
    add(image.id());
    image.manifest().layers().forEach(layer -> add(layer.id()));
    Optional<Digest> chain = Optional.empty();
    for (Digest diffId : image.config().diffIds()) {
      chain = Optional.of(Layers.chain(chain, diffId));
      add(diffId);
      add(chain.get());
    }
    Stack.merged(image.config().diffIds()).ifPresent(this::add);
  }

  @Override
  public synchronized void close() {
    held.forEach(store::unpin);
    held.clear();
  }
}
