package io.kapsel.engine;

import io.kapsel.base.ByteSize;
import io.kapsel.base.HexId;
import io.kapsel.engine.Departures.Departure;
import io.kapsel.engine.MoveMessages.Offer;
import io.kapsel.engine.MoveMessages.OfferedImage;
import io.kapsel.engine.MoveMessages.OfferedVolume;
import io.kapsel.engine.MoveMessages.Opening;
import io.kapsel.engine.MoveMessages.Plan;
import io.kapsel.engine.MoveMessages.Settled;
import io.kapsel.engine.MoveMessages.Taken;
import io.kapsel.engine.MoveMessages.Taking;
import io.kapsel.engine.move.TreeSender;
import io.kapsel.engine.move.Wire;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.runtime.LaunchException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * The source's side of one move. Until the order to take it nothing has changed here that cannot be
 * taken back; from the order on the container is the other engine's, unless that says that it has
 * not got it.
 */
final class Moving {
  private static final System.Logger LOG = System.getLogger(Moving.class.getName());

  /** Less than that is sent faster than another round begins. */
  private static final long LITTLE = 1 << 20;

  private final Kapsel engine;
  private final Container container;
  private final MoveRequest request;
  private final MoveProgress progress;
  private final Wire wire;
  private final String version;
  private final String token = HexId.random();
  private final Offering offering;
  private final Map<String, TreeSender> senders = new LinkedHashMap<>();

  Moving(
      Kapsel engine,
      Container container,
      MoveRequest request,
      MoveProgress progress,
      Wire wire,
      String version) {
    this.engine = engine;
    this.container = container;
    this.request = request;
    this.progress = progress;
    this.wire = wire;
    this.version = version;
    this.offering = new Offering(engine, container, request);
  }

  /** What was agreed on. */
  record Planned(Offer offer, List<String> missing) {}

  /**
   * Does not run any more.
   *
   * @param ran whether it did before
   * @param at when that began, by the clock of {@link System#nanoTime}
   */
  record Stopped(boolean ran, long at) {}

  /** Finds out what is in the way and what has to be sent. */
  Planned prepare() throws IOException {
    List<String> refusals = offering.refusals();
    if (!refusals.isEmpty()) {
      throw refused(refusals);
    }
    progress.begin("asking");
    Offer offer = offering.offer(token);
    wire.send(new Opening(MoveMessages.PROTOCOL, version, Optional.of(offer), Optional.empty()));
    Plan plan = wire.receive(Plan.class);
    if (!plan.refusals().isEmpty()) {
      throw refused(plan.refusals());
    }
    explain(offer, plan);
    return new Planned(offer, plan.missing());
  }

  private EngineException refused(List<String> why) {
    return new EngineException.Refused("move", container.name(), String.join("; ", why));
  }

  private void explain(Offer offer, Plan plan) {
    progress.say(
        "'%s' goes to %s (Kapsel %s)"
            .formatted(container.name(), request.destination(), plan.version()));
    offer.image().ifPresent(image -> progress.say(explained(image, plan.missing())));
    if (offer.plain() > 0) {
      progress.say("its root goes along, which no image has");
    }
    offer
        .snapshots()
        .forEach(each -> progress.say("snapshot '%s' goes along".formatted(each.name())));
    offer.volumes().forEach(each -> progress.say(explained(each)));
    progress.say("%s of files at most".formatted(size(offer.bytes())));
    if (request.dryRun()) {
      progress.say(isRunning() ? stopping() : "it does not run, and is not started");
    }
  }

  private String stopping() {
    return request.copy()
        ? "it stands still for the last round and runs on"
        : "it is stopped for the last round, started there, and removed here";
  }

  private static String explained(OfferedImage image, List<String> missing) {
    long bytes =
        image.blobs().stream()
            .filter(each -> missing.contains(each.digest()))
            .mapToLong(Descriptor::size)
            .sum();
    String name = image.name().orElse(image.manifest().digest());
    return missing.isEmpty()
        ? "image '%s' is there already".formatted(name)
        : "image '%s': %s of %s blobs go along, %s"
            .formatted(name, missing.size(), image.blobs().size(), size(bytes));
  }

  private static String explained(OfferedVolume volume) {
    return volume.anonymous()
        ? "a volume of its own goes along"
        : "volume '%s' goes along".formatted(volume.name());
  }

  private static String size(long bytes) {
    return ByteSize.printDecimal(bytes);
  }

  private boolean isRunning() {
    return container.record().phase() == ContainerStatus.Phase.RUNNING;
  }

  /** Everything but the last round. */
  void send(Planned planned) throws IOException {
    Offer offer = planned.offer();
    List<String> missing = planned.missing();
    offer.image().ifPresent(_ -> progress.begin("image"));
    for (Descriptor blob : offer.image().map(OfferedImage::blobs).orElse(List.of())) {
      if (missing.contains(blob.digest())) {
        try (InputStream in = engine.images.store().blobs().open(blob.id())) {
          wire.send(MoveMessages.BLOB, blob.digest(), blob.size(), in);
        }
      }
    }
    for (Map.Entry<String, Path> each : offering.settled(offer).entrySet()) {
      progress.begin(each.getKey());
      once(each.getKey(), each.getValue());
    }
    rounds(offer);
    ask(MoveMessages.CHECK);
  }

  private void rounds(Offer offer) throws IOException {
    long before = Long.MAX_VALUE;
    int most = isRunning() ? request.rounds() : 0;
    for (int number = 1; number <= most; number++) {
      long bytes = round(offer, "round " + number);
      if (bytes < LITTLE || bytes > before / 2) {
        return; // what is written meanwhile is as much as what is sent
      }
      before = bytes;
    }
  }

  private long round(Offer offer, String name) throws IOException {
    progress.begin(name);
    long bytes = wire.sent();
    long time = System.nanoTime();
    checkSame(offer);
    for (Map.Entry<String, Path> each : offering.written().entrySet()) {
      if (isLive()) {
        again(each.getKey(), each.getValue());
      } else {
        once(each.getKey(), each.getValue());
      }
    }
    ask(MoveMessages.SETTLE);
    long all = wire.sent() - bytes;
    progress.say("%s: %s in %s".formatted(name, size(all), seconds(System.nanoTime() - time)));
    return all;
  }

  static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.2f s", Duration.ofNanos(nanos).toMillis() / 1000.0);
  }

  /** Whether there was a round before or another one may come. */
  private boolean isLive() {
    return isRunning() || !senders.isEmpty();
  }

  private void again(String name, Path tree) throws IOException {
    TreeSender sender = senders.computeIfAbsent(name, _ -> new TreeSender(wire, progress::check));
    wire.send(MoveMessages.TREE, name);
    try (Fd top = open(tree)) {
      sender.round(top);
    }
  }

  private void once(String name, Path tree) throws IOException {
    wire.send(MoveMessages.TREE, name);
    try (Fd top = open(tree)) {
      TreeSender.once(top, wire, progress::check);
    }
  }

  private static Fd open(Path tree) {
    return Open.path(tree.toString(), OpenFlags.DIRECTORY);
  }

  /** What was offered must be what comes. */
  private void checkSame(Offer offer) {
    container.checkThere("move");
    if (!offer.layers().equals(container.record().savedLayers())
        || !offer.spec().equals(offering.spec())) {
      throw new EngineException.Conflict(
          "move", container.name(), "it was changed meanwhile; try again");
    }
  }

  private void ask(int what) throws IOException {
    wire.octet(what);
    wire.flush();
    Settled answer = wire.receive(Settled.class);
    if (answer.failure().isPresent()) {
      throw new EngineException.Refused(
          "move", container.name(), "the destination says: " + answer.failure().get());
    }
  }

  /** The last round of a copy; what runs stands still for it. */
  Taken copy(Offer offer) throws IOException {
    boolean still = isRunning();
    container.life().lock();
    try {
      if (still) {
        engine.runtime.freeze(container.id(), true);
      }
      try {
        long _ = round(offer, "last round");
      } finally {
        if (still) {
          engine.runtime.freeze(container.id(), false);
        }
      }
    } catch (LaunchException e) {
      throw new EngineException.Failed(
          "freeze", container.name(), String.valueOf(e.getMessage()), e);
    } finally {
      container.life().unlock();
    }
    return take(new Taking(false, 0));
  }

  private Taken take(Taking how) throws IOException {
    wire.octet(MoveMessages.TAKE);
    wire.send(how);
    return wire.receive(Taken.class);
  }

  /** From here on it does not start here, until that is taken back. */
  Stopped stop(Offer offer) throws InterruptedException {
    boolean running = isRunning();
    progress.begin("stopping");
    engine
        .moves
        .departures()
        .begin(
            container,
            new Departure(
                token,
                request.destination(),
                offer.spec().name().orElse(container.name()),
                false,
                running));
    long stoppedAt = System.nanoTime();
    if (running) {
      container.stop(Optional.empty(), request.patience());
      progress.say("stopped in " + seconds(System.nanoTime() - stoppedAt));
    }
    return new Stopped(running, stoppedAt);
  }

  /** The last round and the order; whoever calls has the lock of the container's life. */
  Taken hand(Offer offer, Stopped stopped) throws IOException {
    if (isRunning()) {
      throw new EngineException.Conflict("move", container.name(), "it was started again");
    }
    long _ = round(offer, "last round");
    progress.commit();
    engine
        .moves
        .departures()
        .find(container)
        .map(Departure::over)
        .ifPresent(over -> engine.moves.departures().note(container, over));
    progress.begin("starting there");
    return take(new Taking(stopped.ran(), (int) request.ready().toSeconds()));
  }

  /** What the other side has said before it hung up, if it did. */
  EngineException broken(IOException e) {
    try {
      Settled last = wire.receive(Settled.class);
      if (last.failure().isPresent()) {
        return new EngineException.Refused(
            "move", container.name(), "the destination says: " + last.failure().get());
      }
    } catch (IOException | SyscallException | CancellationException _) {
      // it has said nothing
    }
    return new EngineException.Failed(
        "move",
        container.name(),
        "the connection to %s has broken: %s".formatted(request.destination(), e.getMessage()),
        e);
  }

  String token() {
    return token;
  }

  /** Lets the destination forget how it came there; it may also go on remembering that. */
  void done() {
    try {
      wire.octet(MoveMessages.DONE);
      wire.flush();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "a move is not forgotten there", e);
    }
  }
}
