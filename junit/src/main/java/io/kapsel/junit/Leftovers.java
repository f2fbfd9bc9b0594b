package io.kapsel.junit;

import io.kapsel.api.Container;
import io.kapsel.api.Kapsel;
import io.kapsel.engine.EngineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** Containers of tests whose Java ended before it could remove them. */
final class Leftovers {
  /** Whose a container is: its namespace of processes, its number there, and when it began. */
  static final String LABEL = "io.kapsel.junit";

  private static final Duration ACCURACY = Duration.ofSeconds(2);

  private Leftovers() {}

  /** This process, as it is written in the label. */
  static String owner() {
    ProcessHandle self = ProcessHandle.current();
    return "%s %d %s".formatted(namespace(), self.pid(), began(self));
  }

  private static Instant began(ProcessHandle process) {
    return process.info().startInstant().orElse(Instant.EPOCH);
  }

  private static Path namespace() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot tell the namespace of this process", e);
    }
  }

  static Kapsel cleared(Kapsel engine) {
    for (Container container : engine.containers()) {
      try {
        String owner = container.spec().labels().getOrDefault(LABEL, "");
        if (isGone(owner)) {
          container.remove();
        }
      } catch (EngineException.NotFound _) {
        // somebody else was faster
      }
    }
    return engine;
  }

  /** Of other namespaces nothing is known. */
  private static boolean isGone(String owner) {
    String[] parts = owner.split(" ", -1);
    return parts.length == 3
        && parts[0].equals(namespace().toString())
        && ProcessHandle.of(Long.parseLong(parts[1]))
            .filter(it -> near(began(it), Instant.parse(parts[2])))
            .isEmpty();
  }

  private static boolean near(Instant one, Instant other) {
    return Duration.between(one, other).abs().compareTo(ACCURACY) < 0;
  }
}
