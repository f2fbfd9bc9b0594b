package io.kapsel.api;

import io.kapsel.engine.CheckpointRequest;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.UpdateRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Something that an engine is asked. Its answer is a record of {@link Answer}. */
sealed interface Call {
  record Hello() implements Call {}

  record Pull(String image, List<String> environment) implements Call {}

  record HasImage(String image) implements Call {}

  record Create(ContainerSpec spec, boolean start) implements Call {}

  record Find(String reference) implements Call {}

  record Listed() implements Call {}

  record Start(String id) implements Call {}

  record Stop(String id, Optional<Duration> patience, boolean restart) implements Call {}

  record Signal(String id, int number) implements Call {}

  record Pause(String id, boolean on) implements Call {}

  record Checkpoint(String id, CheckpointRequest request) implements Call {}

  record Checkpoints(String id, Optional<Path> directory) implements Call {}

  record StartFrom(String id, String checkpoint, Optional<Path> directory) implements Call {}

  record Rename(String id, String name) implements Call {}

  record Update(String id, UpdateRequest request, boolean mayStart) implements Call {}

  record Await(String id) implements Call {}

  record Exec(String id, ExecSpec spec) implements Call {}

  record Foreground(String id) implements Call {}

  record Log(
      String id,
      Optional<Integer> tail,
      Optional<Instant> since,
      Optional<Instant> until,
      boolean follow)
      implements Call {}

  record CopyIn(String id, Path local, String path) implements Call {}

  record CopyOut(String id, String path, Path local) implements Call {}

  record Remove(String id) implements Call {}

  record CreateVolume(String name, Map<String, String> options, Map<String, String> labels)
      implements Call {}

  record Volumes() implements Call {}

  record RemoveVolume(String name) implements Call {}

  record Listen() implements Call {}
}
