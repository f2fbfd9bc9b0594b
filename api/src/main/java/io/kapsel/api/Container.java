package io.kapsel.api;

import io.kapsel.engine.Checkpoint;
import io.kapsel.engine.CheckpointRequest;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.LogQuery;
import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.UpdateRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** One container of an engine. It is a name for it: whoever else removes it is not kept from it. */
public interface Container {
  /** The whole id. */
  String id();

  /** The name that it has now. */
  String name();

  /** What it is made from. */
  ContainerSpec spec();

  /** What it is doing. */
  ContainerStatus status();

  /** Its address in a network, while it runs and is in one. */
  Optional<String> address();

  /** The port of the host that leads to one of its TCP ports, while it runs. */
  OptionalInt publishedPort(int inside);

  /** Starts the program; returns when it was executed. */
  void start();

  /** Asks the program to stop, and kills it after as long as its specification says. */
  void stop() throws InterruptedException;

  /** The same, and kills it after {@code patience}. */
  void stop(Duration patience) throws InterruptedException;

  /** Stops it, if it runs, and starts it. */
  void restart() throws InterruptedException;

  /** Sends a signal to the program. */
  void signal(int number);

  /** Stops all its processes where they are. */
  void pause();

  /** Lets its processes go on. */
  void unpause();

  /**
   * Freezes it into files, its processes with their memory, by CRIU. What CRIU cannot do leaves it
   * running.
   */
  Checkpoint checkpoint(CheckpointRequest request) throws InterruptedException;

  /** What it was frozen into, in that directory or with it; the oldest first. */
  List<Checkpoint> checkpoints(Optional<Path> directory);

  /** Starts it where it was frozen. */
  void start(Checkpoint from, Optional<Path> directory);

  /** Gives it another name. */
  void rename(String name);

  /**
   * Makes something else of it: at once where the kernel allows that, else by a new start on the
   * same writable layer, if {@code mayStart}.
   */
  void update(UpdateRequest request, boolean mayStart) throws InterruptedException;

  /** Waits for its end, and that of those that its policy starts after it. */
  ExitStatus await() throws InterruptedException;

  /** Waits until its health check finds that it works; false when it does not in time. */
  boolean awaitHealthy(Duration limit) throws InterruptedException;

  /** Runs one more program in it and returns what that printed. */
  Output exec(String... command) throws InterruptedException;

  /** The same with all its parts, and streams. */
  ExitStatus exec(ExecSpec spec, Streams streams) throws InterruptedException;

  /** What it has printed so far. */
  String log() throws InterruptedException;

  /** Hands that part of what it has printed to {@code each}, piece by piece. */
  void log(LogQuery query, Consumer<LogRecord> each) throws InterruptedException;

  /** Copies a file or directory of this host into it. */
  void copyIn(Path local, String path) throws InterruptedException;

  /** Copies a file or directory of it to this host. */
  void copyOut(String path, Path local) throws InterruptedException;

  /** Removes it with all that it has written and the volumes that were made for it alone. */
  void remove();
}
