package io.kapsel.ocicli;

import io.kapsel.linux.SyscallException;
import io.kapsel.linux.cgroup.Freezer;
import io.kapsel.linux.cgroup.GroupFiles;
import io.kapsel.linux.process.Pidfd;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;

/**
 * The control groups of one container, by hierarchy: {@code unified}, or a version 1 controller.
 */
record Groups(Map<String, String> paths) {
  private static final String UNIFIED = "unified";
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration PAUSE = Duration.ofMillis(2);
  private static final int KILL = 9;

  Optional<Path> group(String hierarchy) {
    return Optional.ofNullable(paths.get(hierarchy)).map(Path::of).filter(Files::isDirectory);
  }

  Optional<Path> unified() {
    return group(UNIFIED);
  }

  /** Those that exist. */
  List<Path> existing() {
    return paths.values().stream().distinct().map(Path::of).filter(Files::isDirectory).toList();
  }

  /** The processes in it and in the groups below. */
  List<Integer> processes() {
    return existing().stream()
        .map(GroupFiles::processes)
        .filter(pids -> !pids.isEmpty())
        .findFirst()
        .orElse(List.of());
  }

  private Freezer freezer() {
    return new Freezer(group("freezer"), unified());
  }

  boolean frozen() {
    return freezer().frozen();
  }

  /** Stops or resumes everything in it, and waits until that is so. */
  void freeze(boolean frozen) {
    Freezer freezer = freezer();
    String failure = "cannot " + (frozen ? "freeze" : "thaw");
    if (freezer.v1().or(freezer::unified).isEmpty()) {
      throw new OciException("cannot freeze: the container has no cgroup");
    }
    try {
      if (!freezer.freeze(frozen, PATIENCE)) {
        throw new OciException(failure);
      }
    } catch (IOException e) {
      throw new OciException(failure + ": " + reason(e), e);
    }
  }

  /** Sends a signal to every process in it. */
  void signal(int number) {
    if (number == KILL && unified().isPresent()) {
      Path file = unified().get().resolve("cgroup.kill");
      if (Files.exists(file)) {
        write(file, "1");
        return;
      }
    }
    for (int pid : processes()) {
      try (Pidfd process = Pidfd.open(pid)) {
        process.signal(number);
      } catch (SyscallException e) {
        // it has ended by itself
      }
    }
  }

  /** Removes the groups where nobody lives in them and nothing is below: false if anything is. */
  boolean removeEmpty() {
    boolean all = true;
    for (String path : new TreeSet<>(paths.values())) {
      try {
        Files.deleteIfExists(Path.of(path));
      } catch (IOException e) {
        all = false;
      }
    }
    return all;
  }

  /** Removes the groups, with those that the container has made below. */
  void remove() {
    for (Path group : existing()) {
      until("cannot remove '" + group + "': it is busy", () -> removed(group));
    }
  }

  private static boolean removed(Path group) {
    try {
      for (Path each : GroupFiles.tree(group).reversed()) {
        Files.deleteIfExists(each);
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void until(String failure, java.util.function.BooleanSupplier done) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!done.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new OciException(failure);
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  static void write(Path file, String value) {
    try {
      Files.writeString(file, value, StandardCharsets.UTF_8, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new OciException(
          "failed to write \"%s\": write %s: %s".formatted(value, file, reason(e)), e);
    }
  }

  private static String reason(IOException e) {
    return io.kapsel.base.AtomicFile.reason(e);
  }
}
