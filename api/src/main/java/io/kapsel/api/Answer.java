package io.kapsel.api;

import io.kapsel.engine.Checkpoint;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Event;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.Volume;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.network.Joined;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What an engine answers, or tells while it is at it. */
sealed interface Answer {
  record Done() implements Answer {}

  record Truth(boolean value) implements Answer {}

  record Facts(
      String id, String name, ContainerSpec spec, ContainerStatus status, Optional<Joined> joined)
      implements Answer {}

  record Ids(List<String> ids) implements Answer {}

  record Frozen(List<Checkpoint> checkpoints) implements Answer {}

  record Ended(ExitStatus how) implements Answer {}

  record Kept(List<Volume> volumes) implements Answer {}

  /** A piece of a log; its bytes in base64. */
  record Piece(boolean error, Instant time, String bytes) implements Answer {}

  record Happened(Event event) implements Answer {}

  /** It was not done; the case of {@link EngineException} by its name. */
  record Failure(String kind, String message, int exitCode) implements Answer {
    static Failure of(EngineException e) {
      int code = e instanceof EngineException.LaunchFailed failed ? failed.exitCode() : 1;
      return new Failure(e.getClass().getSimpleName(), String.valueOf(e.getMessage()), code);
    }

    EngineException exception() {
      return EngineException.told(kind, message, exitCode, null);
    }
  }
}
