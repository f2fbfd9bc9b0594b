package io.kapsel.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Gives each container 65,536 ids of the host for its own, never twice at a time. What is given is
 * written with the container, so that there is no second place to be wrong.
 */
final class IdRanges {
  private static final long FIRST = 0x20000000L;
  private static final long END = 0x6fff0000L;

  private record Range(long start, long end) {}

  private final Set<Long> taken = new HashSet<>();
  private final List<Range> foreign;
  private long next = FIRST;

  /** Keeps out of what subuid(5) and subgid(5) give to users. */
  IdRanges() {
    this(List.of(Path.of("/etc/subuid"), Path.of("/etc/subgid")));
  }

  /** Keeps out of what files like them give to users. */
  IdRanges(List<Path> files) {
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

  /** A range that nobody has. */
  public synchronized long take() {
    for (long tries = (END - FIRST) / Identity.ID_COUNT; tries > 0; tries--) {
      long candidate = next;
      next = next + Identity.ID_COUNT >= END ? FIRST : next + Identity.ID_COUNT;
      if (isFree(candidate)) {
        taken.add(candidate);
        return candidate;
      }
    }
    throw new EngineException.Refused(
        "create", "a container", "all ranges of ids are in use; remove containers");
  }

  private boolean isFree(long candidate) {
    return !taken.contains(candidate)
        && foreign.stream()
            .noneMatch(
                each -> candidate < each.end() && each.start() < candidate + Identity.ID_COUNT);
  }

  /** Marks a range that a container on disk has. */
  public synchronized void mark(long base) {
    taken.add(base);
  }

  /** Gives one back. */
  public synchronized void release(long base) {
    taken.remove(base);
  }
}
