package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.LogRequest;
import io.kapsel.network.NetworkSettings;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where an engine keeps what it knows, and how much it keeps ready.
 *
 * @param state what outlives a reboot
 * @param run what does not
 * @param pool how many sandboxes wait for a container; 0: none
 * @param poolIdle after how long without a launch the pool is emptied
 * @param logLimitBytes at which size a container's log is rotated; five times that is kept at most
 * @param networks how its networks are
 * @param log where the output of a container is kept that does not say it
 */
public record EngineConfig(
    Path state,
    Path run,
    int pool,
    Duration poolIdle,
    long logLimitBytes,
    NetworkSettings networks,
    LogRequest log) {
  private static final int LARGEST_POOL = 64;

  /** With networks as the environment of this process says. */
  public EngineConfig(Path state, Path run, int pool, Duration poolIdle, long logLimitBytes) {
    this(
        state,
        run,
        pool,
        poolIdle,
        logLimitBytes,
        NetworkSettings.ofEnvironment(state, run, System.getenv()),
        LogRequest.DEFAULT);
  }

  /** Checks each part. */
  public EngineConfig {
    if (!state.isAbsolute() || !run.isAbsolute()) {
      throw new EngineException.Invalid(
          "open", state + " and " + run, "the directories are not absolute");
    }
    if (pool < 0 || pool > LARGEST_POOL) {
      throw new EngineException.Invalid("open", state.toString(), "a pool of " + pool);
    }
  }

  /** The engine of the host. */
  public static EngineConfig system() {
    return of(Path.of("/var/lib/kapsel"), Path.of("/run/kapsel"));
  }

  /** An engine with directories of its own. */
  public static EngineConfig of(Path state, Path run) {
    return new EngineConfig(state, run, 2, Duration.ofMinutes(1), 20L << 20);
  }

  /** The same with another pool and other networks. */
  public EngineConfig with(int sandboxes, NetworkSettings others) {
    return new EngineConfig(state, run, sandboxes, poolIdle, logLimitBytes, others, log);
  }

  /** The same with another place for output. */
  public EngineConfig with(LogRequest other) {
    return new EngineConfig(state, run, pool, poolIdle, logLimitBytes, networks, other);
  }

  /** What a container asks for, with what it does not say of its log. */
  ContainerSpec logged(ContainerSpec spec) {
    LogRequest whole = spec.log().map(it -> it.or(log)).orElse(log);
    return whole.equals(spec.logging()) ? spec : new ContainerSpecBuilder(spec).log(whole).build();
  }
}
