package io.kapsel.engine;

import io.kapsel.engine.spec.Care;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** Takes snapshots of running containers as often as they want; what stands still is left alone. */
final class SnapshotSchedule {
  private static final System.Logger LOG = System.getLogger(SnapshotSchedule.class.getName());
  private static final String PREFIX = "auto-";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss").withZone(ZoneOffset.UTC);

  private final Kapsel engine;

  SnapshotSchedule(Kapsel engine) {
    this.engine = engine;
  }

  void run() {
    Instant now = Instant.now();
    for (Container container : engine.containers()) {
      Care care = container.spec().care().orElse(Care.NONE);
      if (care.snapshotEverySeconds().isPresent()
          && container.status().phase() == ContainerStatus.Phase.RUNNING
          && isDue(last(container), care.snapshotEverySeconds().get(), now)) {
        take(container, care, now);
      }
    }
  }

  /** One that has none yet gets its first when that long has passed since it was made. */
  static boolean isDue(Instant last, long everySeconds, Instant now) {
    return !last.plusSeconds(everySeconds).isAfter(now);
  }

  private static Instant last(Container container) {
    return container.snapshots().list().stream()
        .filter(each -> each.name().startsWith(PREFIX))
        .map(Snapshot::createdAt)
        .reduce((_, later) -> later)
        .orElse(container.status().createdAt());
  }

  /** One that cannot be taken is tried again at the next look, and keeps no other from it. */
  private static void take(Container container, Care care, Instant now) {
    try {
      Optional<Duration> keep = care.snapshotKeepSeconds().map(Duration::ofSeconds);
      Snapshot _ = container.snapshots().take(Optional.of(PREFIX + TIME.format(now)), "", keep);
    } catch (EngineException e) {
      LOG.log(System.Logger.Level.WARNING, "a snapshot is not taken id=" + container.id(), e);
    }
  }
}
