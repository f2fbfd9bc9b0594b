package io.kapsel.engine;

import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.UpdateRequest;
import io.kapsel.network.Port;
import io.kapsel.runtime.LaunchException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Makes something else of a container that is there: at once where the kernel allows that, else by
 * a new start on the same writable layer. What it was before is kept.
 */
final class Reconfiguring {
  private final Kapsel engine;
  private final Container container;
  private final Launching launching;
  private final Stopping stopping;

  Reconfiguring(Kapsel engine, Container container, Launching launching, Stopping stopping) {
    this.engine = engine;
    this.container = container;
    this.launching = launching;
    this.stopping = stopping;
  }

  void update(UpdateRequest request, boolean mayStart) throws InterruptedException {
    change(before -> applied(request, before), mayStart);
  }

  private ContainerSpec applied(UpdateRequest request, ContainerSpec before) {
    try {
      return request.applyTo(before);
    } catch (InvalidRequestException e) {
      throw invalid(String.valueOf(e.getMessage()));
    }
  }

  private EngineException invalid(String reason) {
    return new EngineException.Invalid("update", container.name(), reason);
  }

  /** Brings back what was before the last change; once more brings that back. */
  void rollback(boolean mayStart) throws InterruptedException {
    change(
        _ ->
            container
                .record()
                .before()
                .orElseThrow(() -> invalid("it was not updated: there is nothing to go back to")),
        mayStart);
  }

  private void change(UnaryOperator<ContainerSpec> to, boolean mayStart)
      throws InterruptedException {
    ContainerSpec before = container.spec();
    ContainerSpec wanted = engine.volumes.hold(to.apply(before));
    try {
      check(wanted);
      boolean restarts = runs() && !UpdateRequest.needStart(before, wanted).isEmpty();
      if (restarts) {
        if (!mayStart) {
          throw needsStart(before, wanted);
        }
        container.system().ifPresent(SystemLife::stop);
        stopping.stopForRestart(Optional.empty(), Optional.empty());
        afterStop(() -> obey(before, wanted));
        start();
      } else {
        obey(before, wanted);
      }
    } finally {
      engine.volumes.release(wanted);
    }
  }

  /** One that was stopped for something that then fails runs again as it was. */
  private void afterStop(Runnable action) {
    try {
      action.run();
    } catch (EngineException e) {
      try {
        container.start();
      } catch (EngineException other) {
        e.addSuppressed(other);
      }
      throw e;
    }
  }

  private boolean runs() {
    return container.record().phase() == Phase.RUNNING;
  }

  private EngineException needsStart(ContainerSpec before, ContainerSpec wanted) {
    return new EngineException.Conflict(
        "update",
        container.name(),
        "it runs, and its %s can only change by a new start"
            .formatted(String.join(" and ", UpdateRequest.needStart(before, wanted))));
  }

  /** Says what is wrong with it while all is still as it was. */
  private void check(ContainerSpec wanted) {
    Assembly assembly = launching.assembly(wanted);
    assembly.checkMounts();
    assembly.bundle();
  }

  private void obey(ContainerSpec before, ContainerSpec wanted) {
    container.life().lock();
    try {
      container.checkThere("update");
      if (!container.spec().equals(before)) {
        throw new EngineException.Conflict(
            "update", container.name(), "somebody else updates it; try again");
      }
      boolean running = runs();
      if (running && !UpdateRequest.needStart(before, wanted).isEmpty()) {
        throw needsStart(before, wanted);
      }
      if (running) {
        atOnce(before, wanted);
      } else {
        launching.forget();
        launching.assembly(wanted).fillVolumes();
      }
      container.replace(container.record().changed(wanted));
      engine.volumes.unmount(before, engine::runsWithVolume);
      container.publish("update", Map.of());
    } catch (LaunchException e) {
      throw new EngineException.Failed(
          "update", container.name(), String.valueOf(e.getMessage()), e);
    } finally {
      container.life().unlock();
    }
  }

  private void atOnce(ContainerSpec before, ContainerSpec wanted) {
    if (!before.limits().equals(wanted.limits())) {
      engine.runtime.limit(
          container.id(), Limiting.update(wanted, container.name(), engine.facts()));
      container.system().ifPresent(SystemLife::show);
    }
    List<Port> ports = published(wanted);
    if (!published(before).equals(ports)) {
      engine.joining.publish(container.record(), ports);
    }
    if (!before.mounts().equals(wanted.mounts())) {
      launching.assembly(wanted).fillVolumes();
      container
          .status()
          .pid()
          .ifPresent(pid -> new LiveMounting(engine, container, pid).change(before, wanted));
    }
  }

  private static List<Port> published(ContainerSpec spec) {
    return spec.networks().map(NetworkRequest::published).orElse(List.of());
  }

  private void start() {
    try {
      container.start();
      container.publish("restart", Map.of());
    } catch (EngineException e) {
      throw new EngineException.Failed(
          "update",
          container.name(),
          "%s; 'kapsel update --rollback %s' brings back what it was"
              .formatted(e.getMessage(), container.name()),
          e);
    }
  }
}
