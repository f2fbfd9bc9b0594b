package io.kapsel.engine;

import io.kapsel.engine.Departures.Departure;
import io.kapsel.engine.MoveMessages.Offer;
import io.kapsel.engine.MoveMessages.Opening;
import io.kapsel.engine.MoveMessages.Question;
import io.kapsel.engine.MoveMessages.Taken;
import io.kapsel.engine.MoveMessages.Taking;
import io.kapsel.engine.move.UnsendableException;
import io.kapsel.engine.move.Wire;
import io.kapsel.linux.SyscallException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/** Moves of containers to other engines, and from them. */
public final class Moves {
  private static final System.Logger LOG = System.getLogger(Moves.class.getName());
  private static final int TRIES = 5;
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Kapsel engine;
  private final Departures departures;
  private final Map<String, ReentrantLock> arriving = new ConcurrentHashMap<>();

  Moves(Kapsel engine) {
    this.engine = engine;
    this.departures = new Departures(engine);
    engine.companions.guard(departures::check);
  }

  Departures departures() {
    return departures;
  }

  /** As the engine starts: ends what a crash left between two engines. */
  void recover() {
    departures.recover();
    new ArrivalJournal(engine).sweep();
  }

  /** Held by whoever decides about a container that comes. */
  ReentrantLock lock(String token) {
    return arriving.computeIfAbsent(token, _ -> new ReentrantLock());
  }

  /**
   * Moves a container to another engine. One that was handed over before, and nobody knows whether
   * it arrived, is asked for there.
   *
   * @param version of this program, for the other one
   */
  public void move(
      Container container, MoveRequest request, MoveWay way, MoveProgress progress, String version)
      throws InterruptedException {
    Optional<Departure> before = departures.find(container);
    if (before.isPresent()) {
      if (!before.get().handedOver()) {
        throw new EngineException.Conflict(
            "move", container.name(), "it is being moved to " + before.get().destination());
      }
      progress.commit();
      settle(container, ask(container, way, before.get(), request));
      return;
    }
    try (MoveWay.Link link = open(container, way)) {
      Wire wire = new Wire(link.in(), link.out());
      progress.connected(wire::sent, link::close);
      Moving moving = new Moving(engine, container, request, progress, wire, version);
      try {
        run(moving, container, request, way, progress);
      } catch (UnsendableException e) {
        throw new EngineException.Refused("move", container.name(), String.valueOf(e.getMessage()));
      } catch (IOException e) {
        progress.check();
        throw explained(moving.broken(e), container, link);
      }
    }
  }

  private static MoveWay.Link open(Container container, MoveWay way) {
    try {
      return way.open();
    } catch (IOException | SyscallException e) {
      throw new EngineException.Failed("move", container.name(), String.valueOf(e.getMessage()), e);
    }
  }

  private static EngineException explained(
      EngineException broken, Container container, MoveWay.Link link) {
    String complaint = link.complaint().strip();
    return complaint.isEmpty() || !(broken instanceof EngineException.Failed)
        ? broken
        : new EngineException.Failed("move", container.name(), complaint, broken);
  }

  private void run(
      Moving moving, Container container, MoveRequest request, MoveWay way, MoveProgress progress)
      throws IOException, InterruptedException {
    Moving.Planned planned = moving.prepare();
    if (request.dryRun()) {
      return;
    }
    moving.send(planned);
    Offer offer = planned.offer();
    if (request.copy()) {
      check(container, moving.copy(offer));
      moving.done();
      return;
    }
    try {
      Moving.Stopped stopped = moving.stop(offer);
      container.life().lock();
      try {
        Taken taken = hand(moving, offer, stopped, container, way, request);
        if (stopped.ran() && taken.taken()) {
          progress.say("down for " + Moving.seconds(System.nanoTime() - stopped.at()));
        }
        settle(container, taken);
      } finally {
        container.life().unlock();
      }
    } finally {
      stay(container, moving.token());
    }
    moving.done();
  }

  /** Where the answer to the order does not come, the other engine is asked on a new way. */
  private Taken hand(
      Moving moving,
      Offer offer,
      Moving.Stopped stopped,
      Container container,
      MoveWay way,
      MoveRequest request)
      throws IOException {
    try {
      return moving.hand(offer, stopped);
    } catch (IOException e) {
      Optional<Departure> over = departures.find(container).filter(Departure::handedOver);
      if (over.isEmpty()) {
        throw e;
      }
      return ask(container, way, over.get(), request);
    }
  }

  private static void check(Container container, Taken taken) {
    if (!taken.taken()) {
      throw new EngineException.Refused(
          "move", container.name(), "the destination says: " + taken.failure().orElse("no"));
    }
  }

  private Taken ask(Container container, MoveWay way, Departure over, MoveRequest request) {
    Taking taking = new Taking(over.ran(), (int) request.ready().toSeconds());
    Opening opening =
        new Opening(
            MoveMessages.PROTOCOL,
            "",
            Optional.empty(),
            Optional.of(new Question(over.token(), taking)));
    String reason = "";
    for (int i = 0; i < TRIES; i++) {
      try (MoveWay.Link link = way.open()) {
        Wire wire = new Wire(link.in(), link.out());
        wire.send(opening);
        return wire.receive(Taken.class);
      } catch (IOException | SyscallException | CancellationException e) {
        reason = String.valueOf(e.getMessage());
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
    throw new EngineException.Failed(
        "move",
        container.name(),
        ("it was handed over to %s, which does not say whether it has it (%s); 'kapsel move %s %s'"
                + " asks again, 'kapsel move --take-back %s' starts it here if it is lost there")
            .formatted(
                over.destination(), reason, container.name(), over.destination(), container.name()),
        null);
  }

  /** Whoever calls has the lock of the container's life, or nobody else knows of this move. */
  private void settle(Container container, Taken taken) throws InterruptedException {
    Departure departure = departures.find(container).orElseThrow();
    if (!taken.taken()) {
      takeBack(container);
      throw new EngineException.Refused(
          "move",
          container.name(),
          "the destination says: %s; %s"
              .formatted(
                  taken.failure().orElse("it has not got it"),
                  departure.ran() ? "it runs here again" : "it is here as it was"));
    }
    if (!taken.ready()) {
      throw new EngineException.Conflict(
          "end the move of",
          container.name(),
          ("it runs at %s and has not said that it has booted; here it is stopped: 'kapsel rm %s',"
                  + " or 'kapsel move --take-back %s'")
              .formatted(departure.destination(), container.name(), container.name()));
    }
    Set<String> volumes = Volumes.names(container.spec());
    container.remove(true, true);
    departures.gone(container);
    volumes.forEach(this::removeVolume);
  }

  private void removeVolume(String name) {
    try {
      engine.volumes.remove(name);
    } catch (EngineException.NotFound _) {
      // it was the container's alone, and has gone with it
    } catch (EngineException e) {
      LOG.log(System.Logger.Level.WARNING, "a volume stays that has moved name=" + name, e);
    }
  }

  /** What was not handed over runs on here. */
  private void stay(Container container, String token) {
    Optional<Departure> own = departures.find(container).filter(each -> each.token().equals(token));
    if (own.filter(each -> !each.handedOver()).isPresent()) {
      takeBack(container);
    }
  }

  /** Makes a container this engine's again that was handed over and is lost there. */
  public void takeBack(Container container) {
    Departure departure =
        departures
            .find(container)
            .orElseThrow(() ->
                new EngineException.Conflict(
                    "take back", container.name(), "it was not handed over to another engine"));
    departures.forget(container);
    if (departure.ran()) {
      container.start();
    }
  }

  /** Takes what another engine sends, until that hangs up. */
  public void arrive(InputStream in, OutputStream out, String version) {
    new Arriving(engine, new Wire(in, out), version).serve();
  }
}
