package io.kapsel.engine;

import io.kapsel.linux.host.HostFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives each container 65,536 ids of the host for its own, never twice at a time. What is given is
 * written with the container, so that there is no second place to be wrong.
 */
final class IdRanges {
  private static final long FIRST = 0x20000000L;
  private static final long END = 0x6fff0000L;

  /** The range of the engine itself. */
  static final long OWN = 0;

  private record Range(long start, long end) {}

  private final Map<Long, Integer> taken = new HashMap<>();
  private final List<Range> foreign;
  private final boolean shared;
  private long next = FIRST;

  /** Keeps out of what subuid(5) and subgid(5) give to users. */
  static IdRanges of(HostFacts facts) {
    return new IdRanges(
        List.of(Path.of("/etc/subuid"), Path.of("/etc/subgid")), !facts.mapsLayers());
  }

  /** Keeps out of what files like them give to users. */
  IdRanges(List<Path> files) {
    this(files, false);
  }

  /**
   * {@code shared}: all containers have the ids of the engine, because files could not be shown to
   * them with others.
   */
  IdRanges(List<Path> files, boolean shared) {
    this.shared = shared;
    foreign = new ArrayList<>();
    files.forEach(this::read);
  }

  private void read(Path file) {
    if (!Files.isReadable(file)) {
      return;
    }
    try {
      for (String line : Files.readAllLines(file)) {
        String[] parts = line.strip().split(":");
        if (parts.length == 3 && (parts[1] + ":" + parts[2]).matches("\\d{1,18}:\\d{1,18}")) {
          long start = Long.parseLong(parts[1]);
          foreign.add(new Range(start, start + Long.parseLong(parts[2])));
        }
      }
    } catch (IOException e) {
      throw new EngineException.Failed(
          "read", file.toString(), io.kapsel.base.AtomicFile.reason(e), e);
    }
  }

  /** The first that is given. */
  long first() {
    return shared ? OWN : FIRST;
  }

  /** Whether all have one range. */
  boolean shared() {
    return shared;
  }

  /** A range that nobody has. */
  public synchronized long take() {
    if (shared) {
      return mark(OWN);
    }
    for (long tries = (END - FIRST) / Identity.ID_COUNT; tries > 0; tries--) {
      long candidate = next;
      next = next + Identity.ID_COUNT >= END ? FIRST : next + Identity.ID_COUNT;
      if (isFree(candidate)) {
        taken.put(candidate, 1);
        return candidate;
      }
    }
    throw new EngineException.Refused(
        "create", "a container", "all ranges of ids are in use; remove containers");
  }

  private boolean isFree(long candidate) {
    return !taken.containsKey(candidate)
        && foreign.stream()
            .noneMatch(
                each -> candidate < each.end() && each.start() < candidate + Identity.ID_COUNT);
  }

  /** Marks a range that one more container has: one on disk, or one that shares another's. */
  public synchronized long mark(long base) {
    taken.merge(base, 1, Integer::sum);
    return base;
  }

  /** Gives one back; it is free when nobody has it any more. */
  public synchronized void release(long base) {
    taken.computeIfPresent(base, (_, holders) -> holders == 1 ? null : holders - 1);
  }
}
