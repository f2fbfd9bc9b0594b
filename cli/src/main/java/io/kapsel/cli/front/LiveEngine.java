package io.kapsel.cli.front;

import io.kapsel.api.Service;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.system.MetricsCommand;
import io.kapsel.cli.command.system.VersionCommand;
import io.kapsel.engine.Cloning;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EngineConfig;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Event;
import io.kapsel.engine.Events;
import io.kapsel.engine.Images;
import io.kapsel.engine.Kapsel;
import io.kapsel.engine.MoveProgress;
import io.kapsel.engine.MoveRequest;
import io.kapsel.engine.MoveWay;
import io.kapsel.engine.Profiles;
import io.kapsel.engine.Shutdown;
import io.kapsel.engine.Volumes;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.Healthcheck;
import io.kapsel.image.debian.DebianRequest;
import io.kapsel.linux.host.HostDiagnosis;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.host.HostFinding;
import io.kapsel.lxc.LxcFront;
import io.kapsel.network.Networks;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Reference;
import io.kapsel.runtime.GuestRuntime;
import io.kapsel.runtime.plan.LaunchPlan;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

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
    return kapsel.containers().stream().noneMatch(LiveEngine::needsEngine);
  }

  private static boolean needsEngine(io.kapsel.engine.Container it) {
    boolean running = it.status().phase() == Phase.RUNNING || it.status().restarting();
    return running
        && (it.spec().autoRemove()
            || it.spec().restartPolicy().restarts()
            || it.spec().health().filter(Healthcheck::looks).isPresent());
  }

  /** The end of all that runs, before the machine goes down. */
  public Shutdown shutdown() {
    return kapsel.shutdown();
  }

  @Override
  public List<EngineException> shutDown(Optional<Duration> patience) throws InterruptedException {
    return kapsel.shutdown().await(patience);
  }

  /** LXC's programs on this engine. */
  LxcFront lxc() {
    return new LxcFront(kapsel);
  }

  @Override
  public void rename(String reference, String name) {
    kapsel.rename(reference, name);
  }

  /** Figures of this moment, for Prometheus. */
  public String metrics() {
    return MetricsCommand.text(this);
  }

  /** What Java programs ask. */
  Service service() {
    return new Service(kapsel);
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
  public boolean hasNetwork(String name) {
    return kapsel.networks().list().stream().anyMatch(each -> each.name().equals(name));
  }

  @Override
  public Engine.Container copy(String source, Cloning.Request request) {
    return new LiveContainer(kapsel.copy(kapsel.container(source), request));
  }

  @Override
  public Engine.Container imported(InputStream archive, Optional<String> name, boolean trusted) {
    return new LiveContainer(kapsel.imported(archive, name, trusted));
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
  public EventSource events(boolean late) {
    return new LiveEvents(late ? kapsel.events().all() : kapsel.events().next());
  }

  @Override
  public Volumes volumes() {
    return kapsel.volumes();
  }

  @Override
  public Networks networks() {
    return kapsel.networks();
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
  public HostFacts facts() {
    return kapsel.facts();
  }

  @Override
  public java.nio.file.Path state() {
    return config.state();
  }

  @Override
  public String logDriver() {
    return config.log().driver();
  }

  @Override
  public List<HostFinding> diagnose() {
    List<HostFinding> all = new ArrayList<>(HostDiagnosis.diagnose(kapsel.facts(), config.state()));
    all.addAll(kapsel.networks().diagnose());
    all.addAll(kapsel.diagnose());
    return all;
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

  @Override
  public void move(
      Engine.Container container, MoveRequest request, MoveWay way, MoveProgress progress)
      throws InterruptedException {
    kapsel
        .moves()
        .move(kapsel.container(container.id()), request, way, progress, VersionCommand.version());
  }

  @Override
  public void takeBack(Engine.Container container) {
    kapsel.moves().takeBack(kapsel.container(container.id()));
  }

  @Override
  public void arrive(InputStream in, OutputStream out) {
    kapsel.moves().arrive(in, out, VersionCommand.version());
  }

  private record LiveEvents(Events.Reader reader) implements EventSource {
    @Override
    public Optional<Event> next(Duration patience) throws InterruptedException {
      return reader.next(patience);
    }

    @Override
    public long missed() {
      return reader.missed();
    }

    @Override
    public boolean ended() {
      return reader.ended();
    }
  }

  @Override
  public Profiles profiles() {
    return kapsel.profiles();
  }
}
