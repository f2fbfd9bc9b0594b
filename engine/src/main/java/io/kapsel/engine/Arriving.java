package io.kapsel.engine;

import io.kapsel.engine.MoveMessages.Offer;
import io.kapsel.engine.MoveMessages.OfferedImage;
import io.kapsel.engine.MoveMessages.Opening;
import io.kapsel.engine.MoveMessages.Plan;
import io.kapsel.engine.MoveMessages.Question;
import io.kapsel.engine.MoveMessages.Settled;
import io.kapsel.engine.MoveMessages.Taken;
import io.kapsel.engine.MoveMessages.Taking;
import io.kapsel.engine.move.Wire;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.linux.SyscallException;
import io.kapsel.network.NetworkException;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.runtime.LaunchException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;

/** The destination's side of one connection: it does what it is told, and says what goes wrong. */
final class Arriving {
  private static final System.Logger LOG = System.getLogger(Arriving.class.getName());

  private final Kapsel engine;
  private final Wire wire;
  private final String version;
  private final ArrivalJournal journal;

  Arriving(Kapsel engine, Wire wire, String version) {
    this.engine = engine;
    this.wire = wire;
    this.version = version;
    this.journal = new ArrivalJournal(engine);
  }

  void serve() {
    try {
      Opening opening = wire.receive(Opening.class);
      if (opening.protocol() != MoveMessages.PROTOCOL) {
        wire.send(new Plan(version, List.of(otherVersion(opening)), List.of()));
      } else if (opening.question().isPresent()) {
        answer(opening.question().get());
      } else if (opening.offer().isPresent()) {
        take(opening.offer().get());
      }
    } catch (IOException | CancellationException e) {
      LOG.log(System.Logger.Level.INFO, "a move has broken off: {0}", e.getMessage());
    }
  }

  private String otherVersion(Opening opening) {
    return "the destination is Kapsel %s, the source %s; they do not understand each other"
        .formatted(version, opening.version());
  }

  private void answer(Question question) throws IOException {
    ReentrantLock lock = engine.moves.lock(question.token());
    Taken answer;
    lock.lock();
    try {
      answer =
          journal
              .find(question.token())
              .map(container -> started(container, question.taking(), question.token(), List.of()))
              .orElseGet(() -> new Taken(false, false, "", Optional.empty()));
    } finally {
      lock.unlock();
    }
    wire.send(answer);
  }

  private void take(Offer offer) throws IOException {
    List<String> missing = missing(offer);
    List<String> refusals = new ArrivalChecks(engine, offer).refusals(missing);
    wire.send(new Plan(version, refusals, missing));
    if (!refusals.isEmpty() || offer.dryRun()) {
      return;
    }
    ReentrantLock lock = engine.moves.lock(offer.token());
    lock.lock(); // whoever asks what has become of it, waits until that is known
    try (Staging staging = new Staging(engine, offer)) {
      obey(offer, staging);
    } catch (EngineException
        | ImageException
        | LaunchException
        | NetworkException
        | SyscallException
        | IOException
        | UncheckedIOException
        | IllegalArgumentException e) {
      wire.send(new Settled(Optional.of(String.valueOf(e.getMessage()))));
    } finally {
      lock.unlock();
    }
  }

  private List<String> missing(Offer offer) {
    ImageStore store = engine.images.store();
    return offer.image().map(OfferedImage::blobs).orElse(List.of()).stream()
        .filter(each -> !store.blobs().hasWhole(each))
        .map(Descriptor::digest)
        .toList();
  }

  private void obey(Offer offer, Staging staging) throws IOException {
    for (int what = wire.octet(); what >= 0; what = wire.octet()) {
      switch (what) {
        case MoveMessages.BLOB -> staging.blob(wire);
        case MoveMessages.TREE -> staging.tree(wire);
        case MoveMessages.SETTLE -> {
          staging.flush();
          wire.send(new Settled(Optional.empty()));
        }
        case MoveMessages.CHECK -> {
          staging.check();
          wire.send(new Settled(Optional.empty()));
        }
        case MoveMessages.TAKE -> wire.send(take(offer, staging, wire.receive(Taking.class)));
        case MoveMessages.DONE -> {
          journal.forget(offer.token());
          return;
        }
        default -> throw new IOException("the other engine says what makes no sense");
      }
    }
  }

  private Taken take(Offer offer, Staging staging, Taking how) {
    List<String> volumes = offer.volumes().stream().map(MoveMessages.OfferedVolume::name).toList();
    Container made;
    try {
      made = staging.make();
    } catch (EngineException | SyscallException | UncheckedIOException e) {
      return new Taken(false, false, "", Optional.of(String.valueOf(e.getMessage())));
    }
    return started(made, how, offer.token(), volumes);
  }

  /** What cannot be started is not taken: nothing of it stays here. */
  private Taken started(Container container, Taking how, String token, List<String> volumes) {
    try {
      if (how.start()) {
        container.start();
      }
      return new Taken(true, isReady(container, how), container.id(), Optional.empty());
    } catch (EngineException e) {
      try {
        container.remove(true, true);
        volumes.forEach(journal::removeVolume);
        journal.close(token);
      } catch (EngineException | InterruptedException other) {
        LOG.log(System.Logger.Level.ERROR, "what was not taken stays id=" + container.id(), other);
      }
      return new Taken(false, false, "", Optional.of(String.valueOf(e.getMessage())));
    }
  }

  private static boolean isReady(Container container, Taking how) {
    if (!how.start() || !container.spec().isSystem() || how.readySeconds() == 0) {
      return true;
    }
    try {
      return container.awaitReady(Duration.ofSeconds(how.readySeconds()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
