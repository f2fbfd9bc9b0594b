package io.kapsel.cli.command;

import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EngineConfig;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Exec;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.Images;
import io.kapsel.engine.Kapsel;
import io.kapsel.engine.LogQuery;
import io.kapsel.engine.LogReader;
import io.kapsel.engine.LogRecord;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.image.Image;
import io.kapsel.image.debian.DebianRequest;
import io.kapsel.linux.Fd;
import io.kapsel.linux.host.HostDiagnosis;
import io.kapsel.linux.host.HostFinding;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Reference;
import io.kapsel.runtime.GuestRuntime;
import io.kapsel.runtime.plan.LaunchPlan;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** The engine of this process, as commands use it. */
public final class LiveEngine implements Engine, AutoCloseable {
  private final EngineConfig config;
  private final Kapsel kapsel;

  private LiveEngine(EngineConfig config, Kapsel kapsel) {
    this.config = config;
    this.kapsel = kapsel;
  }

  /** Opens the engine that keeps its things where {@code config} says. */
  public static LiveEngine open(EngineConfig config) {
    return new LiveEngine(config, Kapsel.open(config));
  }

  /** Whether nothing would be missed: what runs, runs on, but who removes it at its end? */
  public boolean dispensable() {
    return kapsel.containers().stream()
        .noneMatch(it -> it.spec().autoRemove() && it.status().phase() == Phase.RUNNING);
  }

  /** Makes containers for those who call an OCI runtime. */
  public GuestRuntime guests() {
    return kapsel.guests();
  }

  /** Lets go of everything; containers run on. */
  @Override
  public void close() {
    kapsel.close();
  }

  @Override
  public Engine.Container create(ContainerSpec spec) {
    return new LiveContainer(kapsel.create(spec));
  }

  @Override
  public Engine.Container createToStart(ContainerSpec spec) {
    return new LiveContainer(kapsel.createToStart(spec));
  }

  @Override
  public Engine.Container container(String reference) {
    return new LiveContainer(kapsel.container(reference));
  }

  @Override
  public List<Engine.Container> containers() {
    return kapsel.containers().stream().<Engine.Container>map(LiveContainer::new).toList();
  }

  @Override
  public Images images() {
    return kapsel.images();
  }

  @Override
  public LaunchPlan explain(ContainerSpec spec) {
    return kapsel.explain(spec);
  }

  @Override
  public LaunchPlan explain(java.nio.file.Path bundle) {
    return kapsel.explain(bundle);
  }

  @Override
  public List<HostFinding> diagnose() {
    return HostDiagnosis.diagnose(kapsel.facts(), config.state());
  }

  @Override
  public Digest createImage(
      DebianRequest request,
      Reference name,
      Map<String, String> environment,
      Consumer<String> progress)
      throws InterruptedException {
    return kapsel.createImage(request, name, environment, progress);
  }

  private record LiveContainer(io.kapsel.engine.Container container) implements Engine.Container {
    @Override
    public String id() {
      return container.id();
    }

    @Override
    public String name() {
      return container.name();
    }

    @Override
    public ContainerSpec spec() {
      return container.spec();
    }

    @Override
    public ContainerStatus status() {
      return container.status();
    }

    @Override
    public void attach(Fd end, boolean stdin, boolean stdout, boolean stderr) {
      container.attach(end, stdin, stdout, stderr);
    }

    @Override
    public void start() {
      container.start();
    }

    @Override
    public void signal(int number) {
      container.signal(number);
    }

    @Override
    public ExitStatus await() throws InterruptedException {
      return container.await();
    }

    @Override
    public List<String> notices() {
      return container.notices();
    }

    @Override
    public boolean awaitReady(Duration limit) throws InterruptedException {
      return container.awaitReady(limit);
    }

    @Override
    public String initStatus() {
      return container.initStatus();
    }

    @Override
    public void stop(Optional<Integer> signal, Optional<Duration> patience)
        throws InterruptedException {
      container.stop(signal, patience);
    }

    @Override
    public void remove(boolean force) {
      try {
        container.remove(force);
      } catch (InterruptedException e) {
        // Only waits are interrupted, and this is none: a removal is not left halfway.
        throw new EngineException.Failed("remove", name(), "interrupted", e);
      }
    }

    @Override
    public void awaitRemoval() throws InterruptedException {
      container.awaitRemoval();
    }

    @Override
    public Log log(LogQuery query) {
      return new LiveLog(container.log(query));
    }

    @Override
    public void export(OutputStream out) {
      container.export(out);
    }

    @Override
    public Image commit(
        Optional<Reference> name,
        Optional<String> author,
        String comment,
        UnaryOperator<ImageConfig.Execution> change) {
      return container.commit(name, author, comment, change);
    }

    @Override
    public Running exec(ExecSpec spec) {
      return new LiveExec(container.exec(spec));
    }
  }

  private record LiveExec(Exec exec) implements Running {
    @Override
    public void attach(Fd end, boolean stdin, boolean stdout, boolean stderr) {
      exec.attach(end, stdin, stdout, stderr);
    }

    @Override
    public void start() {
      exec.start();
    }

    @Override
    public void signal(int number) {
      exec.signal(number);
    }

    @Override
    public ExitStatus await() throws InterruptedException {
      return exec.await();
    }

    @Override
    public List<String> notices() {
      return List.of();
    }
  }

  private record LiveLog(LogReader reader) implements Log {
    @Override
    public Optional<LogRecord> next() throws InterruptedException {
      return reader.next();
    }

    @Override
    public void close() {
      reader.close();
    }
  }
}
