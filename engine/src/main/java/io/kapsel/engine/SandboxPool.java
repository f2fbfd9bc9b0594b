package io.kapsel.engine;

import io.kapsel.base.HexId;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.linux.SyscallException;
import io.kapsel.network.NetworkException;
import io.kapsel.runtime.Sandbox;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * A few sandboxes for ordinary containers, made while nothing else is to do: for those that will be
 * in no network, in the default one, and in another one. A container that gets one takes its id and
 * its range of ids with it, so none is ever used twice.
 */
final class SandboxPool implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(SandboxPool.class.getName());

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** So long after the last launch the next sandbox is made: the two share the processors. */
  private static final Duration QUIET = Duration.ofMillis(4);

  private record Ready(Sandbox sandbox, long idBase, FileTime resolver) {}

  /** What a sandbox has of networks. */
  private enum Link {
    /** Nothing. */
    NONE,
    /** A place in the default network. */
    DEFAULT,
    /** A link for whatever network. */
    ANY;

    static Link of(ContainerSpec spec) {
      if (!Joining.isJoined(spec)) {
        return NONE;
      }
      return Joining.isInDefaultAlone(spec) ? DEFAULT : ANY;
    }
  }

  /** Those of one kind, of which some are made as long as somebody wants them. */
  private static final class Kind {
    final Link link;
    final Deque<Ready> free = new ArrayDeque<>();
    boolean awake;

    Kind(Link link) {
      this.link = link;
    }
  }

  private final Kapsel engine;
  private final int size;
  private final Duration idle;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wanted = lock.newCondition();
  private final List<Kind> kinds = Stream.of(Link.values()).map(Kind::new).toList();
  private final Map<String, Ready> given = new HashMap<>();
  private final Thread refiller;
  private boolean closed;
  private long lastTaken;

  SandboxPool(Kapsel engine, int size, Duration idle) {
    this.engine = engine;
    this.size = size;
    this.idle = idle;
    this.refiller = Thread.ofPlatform().daemon().name("sandbox-pool").unstarted(this::refill);
    if (size > 0) {
      refiller.start();
    }
  }

  /** The id of a sandbox for such a container, which is its from now on. */
  Optional<String> idFor(ContainerSpec spec) {
    if (size == 0 || !isOrdinary(spec)) {
      return Optional.empty();
    }
    lock.lock();
    try {
      Kind kind = kinds.get(Link.of(spec).ordinal());
      kind.awake = true;
      lastTaken = System.nanoTime();
      wanted.signalAll();
      Ready ready = kind.free.pollFirst();
      if (ready == null) {
        return Optional.empty();
      }
      given.put(ready.sandbox().id(), ready);
      return Optional.of(ready.sandbox().id());
    } finally {
      lock.unlock();
    }
  }

  /** What a sandbox depends on is as nearly everybody has it. */
  private static boolean isOrdinary(ContainerSpec spec) {
    NamespaceMode own = NamespaceMode.OWN;
    return !spec.isSystem()
        && !spec.privileged()
        && !spec.stdio().terminal()
        && spec.limits().equals(Limits.DEFAULT)
        && spec.devices().isEmpty()
        && spec.deviceRules().isEmpty()
        && !spec.security().pathsOpen()
        && !spec.security().groupsWritable()
        && spec.sysctls().isEmpty()
        && spec.shmSize().isEmpty()
        && spec.network().equals(own)
        && spec.ipc().equals(own)
        && spec.pid().equals(own)
        && spec.uts().equals(own)
        && spec.userns().equals(own)
        && spec.cgroupns().equals(own);
  }

  Optional<Long> baseOf(String id) {
    lock.lock();
    try {
      return Optional.ofNullable(given.get(id)).map(Ready::idBase);
    } finally {
      lock.unlock();
    }
  }

  /** Whether that container has a sandbox of the pool, and the directories that came with it. */
  boolean has(String id) {
    lock.lock();
    try {
      return given.containsKey(id);
    } finally {
      lock.unlock();
    }
  }

  /** Whether the files are there that this container has for itself, as they would be written. */
  boolean hasFiles(String id, ContainerSpec spec) {
    lock.lock();
    try {
      Ready ready = given.get(id);
      return ready != null
          && spec.hostname().isEmpty()
          && spec.networks().map(NetworkRequest::hosts).orElse(List.of()).isEmpty()
          && spec.networks().filter(NetworkRequest::asksForNames).isEmpty()
          && ready.resolver().equals(Assembly.resolver());
    } finally {
      lock.unlock();
    }
  }

  Optional<Sandbox> take(String id) {
    lock.lock();
    try {
      return Optional.ofNullable(given.remove(id)).map(Ready::sandbox);
    } finally {
      lock.unlock();
    }
  }

  /** Gives up a sandbox whose container will not start. */
  void discard(String id) {
    take(id).ifPresent(this::discard);
  }

  private void discard(Sandbox sandbox) {
    engine.joining.leave(sandbox.id());
    engine.runtime.discard(sandbox);
    engine.store.remove(sandbox.id());
  }

  private void refill() {
    while (true) {
      Optional<Kind> next;
      lock.lock();
      try {
        next = awaitNeed();
        awaitQuiet();
        if (closed) {
          return;
        }
      } catch (InterruptedException e) {
        return;
      } finally {
        lock.unlock();
      }
      next.ifPresent(this::prepare);
    }
  }

  private Optional<Kind> awaitNeed() throws InterruptedException {
    Optional<Kind> next = needed();
    while (!closed && next.isEmpty()) {
      if (!wanted.await(idle.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS)) {
        drain();
      }
      next = needed();
    }
    return next;
  }

  /** The kind of which there are fewest. */
  private Optional<Kind> needed() {
    return kinds.stream()
        .filter(each -> each.awake && each.free.size() < size)
        .min(Comparator.comparingInt(each -> each.free.size()));
  }

  private void awaitQuiet() throws InterruptedException {
    long left = quietIn();
    while (!closed && left > 0) {
      long _ = wanted.awaitNanos(left);
      left = quietIn();
    }
  }

  private long quietIn() {
    return QUIET.toNanos() - (System.nanoTime() - lastTaken);
  }

  private void prepare(Kind kind) {
    long base = engine.ranges.take();
    String id = HexId.random();
    try {
      ContainerSpec spec =
          new ContainerSpecBuilder(new RootSource.Host()).command(List.of("true")).build();
      engine.store.reserve(id);
      engine.store.make(id);
      Identity identity = new Identity(id, Optional.of(base));
      FileTime resolver = Assembly.resolver();
      new Assembly(engine, spec, identity, Optional.empty()).writeFiles();
      Sandbox sandbox =
          engine.runtime.prepare(id, engine.plans.plan(spec, identity, Optional.empty()).sandbox());
      link(kind, identity, sandbox);
      lock.lock();
      try {
        if (closed) {
          discard(sandbox);
        } else {
          kind.free.add(new Ready(sandbox, base, resolver));
        }
      } finally {
        lock.unlock();
      }
    } catch (RuntimeException e) { // whatever it is, nothing of it stays
      engine.ranges.release(base);
      engine.store.remove(id);
      LOG.log(System.Logger.Level.WARNING, "a sandbox cannot be prepared", e);
      lock.lock();
      try {
        kind.awake = false;
      } finally {
        lock.unlock();
      }
    }
  }

  /** Without one it is as good as the others, and slower. */
  private void link(Kind kind, Identity identity, Sandbox sandbox) {
    try {
      switch (kind.link) {
        case NONE -> {}
        case DEFAULT -> engine.joining.prepareDefault(identity, sandbox.pid());
        case ANY -> engine.networks().prepare(sandbox.id(), sandbox.pid());
      }
    } catch (SyscallException | NetworkException e) {
      LOG.log(System.Logger.Level.DEBUG, "a link cannot be prepared", e);
    }
  }

  private void drain() {
    for (Kind kind : kinds) {
      kind.awake = false;
      for (Ready ready : kind.free) {
        discard(ready.sandbox());
        engine.ranges.release(ready.idBase());
      }
      kind.free.clear();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      wanted.signalAll();
      drain();
    } finally {
      lock.unlock();
    }
    awaitRefiller();
  }

  /** What is being made when the engine leaves is taken back by its maker. */
  private void awaitRefiller() {
    try {
      if (size > 0 && !refiller.join(PATIENCE)) {
        LOG.log(System.Logger.Level.WARNING, "a sandbox is still being prepared");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
