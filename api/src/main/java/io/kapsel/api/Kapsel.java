package io.kapsel.api;

import io.kapsel.engine.Event;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.Volume;
import io.kapsel.engine.spec.ContainerSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * An engine: the one that runs on this host, or, where none does, one in this process. Failures are
 * {@link io.kapsel.engine.EngineException}s. Whoever waits may be interrupted; all calls suit
 * virtual threads.
 */
public interface Kapsel extends AutoCloseable {
  /**
   * The engine of this host, or the one whose places {@code KAPSEL_STATE} and {@code KAPSEL_RUN}
   * name.
   */
  static Kapsel open() {
    return Opening.open(Opening.place("KAPSEL_STATE"), Opening.place("KAPSEL_RUN"));
  }

  /**
   * The engine that keeps what outlives a reboot in {@code state}, and the rest in {@code run}. The
   * one that listens there is asked; where none listens, this process is the engine until {@link
   * #close}.
   *
   * @throws io.kapsel.engine.EngineException.Conflict when another program is the engine there, and
   *     listens to nobody
   */
  static Kapsel open(Path state, Path run) {
    return Opening.open(state.toAbsolutePath(), run.toAbsolutePath());
  }

  /** Whether the engine is another process, which goes on when this one ends. */
  boolean isAttached();

  /** Brings an image from a registry, with the proxies and the passwords of this process. */
  void pull(String image) throws InterruptedException;

  /** Whether there is such an image. */
  boolean hasImage(String image);

  /** Makes a container, without starting it. */
  Container create(ContainerSpec spec);

  /** Makes a container and starts it. */
  Container run(ContainerSpec spec);

  /** Makes a container, and is its standard streams from its start to its end. */
  ExitStatus run(ContainerSpec spec, Streams streams) throws InterruptedException;

  /** The container with that name, id, or beginning of an id. */
  Container container(String reference);

  /** All containers, the newest first. */
  List<Container> containers();

  /** Makes a volume; one that is there and was made alike stays as it is. */
  Volume createVolume(String name, Map<String, String> options, Map<String, String> labels);

  /** All volumes. */
  List<Volume> volumes();

  /** Removes a volume that no container uses. */
  void removeVolume(String name);

  /** Tells {@code each}, on a thread of its own, what happens from now on until it is closed. */
  Listening listen(Consumer<Event> each);

  /** Somebody who listens. */
  interface Listening extends AutoCloseable {
    @Override
    void close();
  }

  /** Lets go of the engine; containers run on. */
  @Override
  void close();
}
