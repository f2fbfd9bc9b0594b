package io.kapsel.lxc;

import io.kapsel.engine.CheckpointRequest;
import io.kapsel.engine.Container;
import io.kapsel.engine.ContainerCheckpoints;
import io.kapsel.engine.EngineException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** {@code lxc-checkpoint}: a container's processes in files, and back from there. */
final class LxcCheckpoint {
  /** The only checkpoint in its directory. */
  private static final String NAME = "checkpoint";

  private static final String IMAGES = NAME + "/images";

  private final LxcCall call;
  private final LxcOptions options;

  private LxcCheckpoint(LxcCall call) {
    this.call = call;
    this.options = call.options();
  }

  static int run(LxcCall call) {
    LxcCheckpoint checkpoint = new LxcCheckpoint(call);
    checkpoint.check();
    return call.options().has("restore") ? checkpoint.restore() : checkpoint.create();
  }

  private void check() {
    if (!options.has("checkpoint-dir")) {
      throw new LxcException("-D is required: the directory of the checkpoint");
    }
    boolean restore = options.has("restore");
    for (String only : new String[] {"stop", "pre-dump", "predump-dir"}) {
      if (restore && options.has(only)) {
        throw new LxcException("--" + only + " is for checkpoints, and not for --restore");
      }
    }
    for (String only : new String[] {"foreground", "daemon"}) {
      if (!restore && options.has(only)) {
        throw new LxcException("--" + only + " is for --restore");
      }
    }
    if (options.has("stop") && options.has("pre-dump")) {
      throw new LxcException("memory is copied ahead of a container that goes on: no --stop");
    }
    if (options.has("rcfile")) {
      throw new LxcException("a container is what its own configuration says: no --rcfile");
    }
    if (!call.place().exists(call.name())) {
      throw new LxcException(call.name() + " is not defined");
    }
  }

  private Path directory() {
    return call.path("checkpoint-dir").orElseThrow();
  }

  private int create() {
    Container container =
        call.place()
            .running(call.name())
            .orElseThrow(() -> new LxcException(call.name() + " not running, not checkpointing"));
    Path directory = directory();
    if (Files.exists(directory.resolve(NAME))) {
      throw failed(
          "Checkpointing",
          "'%s' has a checkpoint already; use a fresh directory".formatted(directory));
    }
    CheckpointRequest request =
        new CheckpointRequest(
            NAME,
            Optional.of(directory),
            !options.has("stop"),
            true,
            true,
            options.last("predump-dir").map(it -> ahead(directory, it)),
            call.path("action-script"));
    try {
      if (options.has("pre-dump")) {
        Path _ = container.checkpoints().copyAhead(request);
        return 0;
      }
      return call.caller()
          .waiting(() -> {
            var _ = container.checkpoints().create(request);
            return 0;
          });
    } catch (EngineException e) {
      throw failed("Checkpointing", String.valueOf(e.getMessage()));
    }
  }

  private Path ahead(Path directory, String said) {
    Path images = directory.resolve(said).normalize().resolve(IMAGES);
    if (!Files.isDirectory(images)) {
      throw failed(
          "Checkpointing",
          "'%s' in --predump-dir, which is relative to '%s', has no memory of --pre-dump"
              .formatted(said, directory));
    }
    return images;
  }

  private int restore() {
    if (call.place().isRunning(call.name())) {
      throw new LxcException(call.name() + " is running, not restoring");
    }
    Container container = call.current();
    ContainerCheckpoints checkpoints = container.checkpoints();
    Optional<Path> directory = Optional.of(directory());
    Optional<Path> script = call.path("action-script");
    try {
      if (options.has("foreground")) {
        return call.caller()
            .foreground(container, () -> checkpoints.start(NAME, directory, script));
      }
      checkpoints.start(NAME, directory, script);
      return 0;
    } catch (EngineException e) {
      throw failed("Restoring", String.valueOf(e.getMessage()));
    }
  }

  private LxcException failed(String action, String why) {
    return new LxcException("%s %s failed: %s".formatted(action, call.name(), why));
  }
}
