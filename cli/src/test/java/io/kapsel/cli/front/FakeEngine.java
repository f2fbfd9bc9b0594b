package io.kapsel.cli.front;

import io.kapsel.cli.command.Engine;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Event;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.FilesView;
import io.kapsel.engine.HealthStatus;
import io.kapsel.engine.Images;
import io.kapsel.engine.LogQuery;
import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.UpdateRequest;
import io.kapsel.image.ImageStore;
import io.kapsel.image.debian.DebianRequest;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.host.HostFinding;
import io.kapsel.network.Attachment;
import io.kapsel.network.Joined;
import io.kapsel.network.NetworkSettings;
import io.kapsel.network.Networks;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Reference;
import io.kapsel.runtime.GroupUsage;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.Segment;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** An engine without a kernel: it remembers what it was asked, in order. */
public final class FakeEngine implements Engine {
  public static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");
  final List<String> deeds = new ArrayList<>();
  SyscallException shortage;
  final List<FakeContainer> containers = new ArrayList<>();
  final List<ContainerSpec> specs = new ArrayList<>();
  final List<java.nio.file.Path> explained = new ArrayList<>();
  final List<ExecSpec> execs = new ArrayList<>();
  final List<DebianRequest> imageRequests = new ArrayList<>();
  final List<LogRecord> records = new ArrayList<>();
  final List<Event> events = new ArrayList<>();
  LogQuery query;
  List<HostFinding> findings = List.of();
  EngineException startFailure;
  int exitCode;
  List<String> notices = List.of();
  private final Supplier<Path> files;

  FakeEngine(Supplier<Path> files) {
    this.files = files;
  }

  @Override
  public Container copy(String source, io.kapsel.engine.Cloning.Request request) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void move(
      Container container,
      io.kapsel.engine.MoveRequest request,
      io.kapsel.engine.MoveWay way,
      io.kapsel.engine.MoveProgress progress) {
    deeds.add("move " + request);
  }

  @Override
  public void takeBack(Container container) {
    deeds.add("take back");
  }

  @Override
  public void arrive(java.io.InputStream in, java.io.OutputStream out) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<EngineException> shutDown(Optional<java.time.Duration> patience) {
    deeds.add("shut down " + patience);
    return startFailure == null ? List.of() : List.of(startFailure);
  }

  @Override
  public boolean hasNetwork(String name) {
    return false;
  }

  @Override
  public Container imported(java.io.InputStream archive, Optional<String> name, boolean trusted) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Container createToStart(ContainerSpec spec) {
    return create(spec);
  }

  @Override
  public Container create(ContainerSpec spec) {
    specs.add(spec);
    deeds.add("create");
    FakeContainer container = new FakeContainer(spec, spec.name().orElse("calm_otter"));
    containers.addFirst(container);
    return container;
  }

  @Override
  public void rename(String reference, String other) {
    FakeContainer it = (FakeContainer) container(reference);
    deeds.add("rename " + it.name + " " + other);
    it.name = other;
  }

  @Override
  public Container container(String reference) {
    return containers.stream()
        .filter(it -> it.name.equals(reference) || it.id().startsWith(reference))
        .findFirst()
        .orElseThrow(() -> new EngineException.NotFound(reference));
  }

  @Override
  public List<Container> containers() {
    if (shortage != null) {
      throw shortage;
    }
    return List.copyOf(containers);
  }

  @Override
  public EventSource events(boolean late) {
    Iterator<Event> left = List.copyOf(events).iterator();
    return new EventSource() {
      @Override
      public Optional<Event> next(Duration patience) {
        return left.hasNext() ? Optional.of(left.next()) : Optional.empty();
      }

      @Override
      public long missed() {
        return 0;
      }

      @Override
      public boolean ended() {
        return !left.hasNext();
      }
    };
  }

  @Override
  public HostFacts facts() {
    throw new UnsupportedOperationException("a fake engine has no host");
  }

  @Override
  public java.nio.file.Path state() {
    return java.nio.file.Path.of("/state");
  }

  @Override
  public String logDriver() {
    return "local";
  }

  @Override
  public io.kapsel.engine.Volumes volumes() {
    return io.kapsel.engine.Volumes.unused(files.get());
  }

  @Override
  public Networks networks() {
    return new Networks(new NetworkSettings(files.get(), files.get(), List.of(), true, true));
  }

  @Override
  public Images images() {
    return Images.unused(ImageStore.open(files.get()));
  }

  @Override
  public LaunchPlan explain(java.nio.file.Path bundle) {
    explained.add(bundle);
    return new LaunchPlan(
        new Segment("sandbox", List.of(), List.of(), List.of(), false),
        new Segment("container", List.of(), List.of(), List.of(), true),
        List.of("a part is left out"));
  }

  @Override
  public LaunchPlan explain(ContainerSpec spec) {
    specs.add(spec);
    return new LaunchPlan(
        new Segment("sandbox", List.of(), List.of(), List.of(), false),
        new Segment("container", List.of(), List.of(), List.of(), true),
        List.of("swap is not limited here"));
  }

  @Override
  public List<HostFinding> diagnose() {
    return findings;
  }

  @Override
  public Digest createImage(
      DebianRequest request,
      Reference name,
      Map<String, String> environment,
      Consumer<String> progress) {
    imageRequests.add(request);
    deeds.add("create image " + name.familiar());
    progress.accept("unpacking");
    return Digest.of(new byte[0]);
  }

  @Override
  public io.kapsel.engine.Profiles profiles() {
    throw new UnsupportedOperationException();
  }

  /** A container whose state a test sets. */
  final class FakeContainer implements Container {
    final List<Attachment> connected = new ArrayList<>();
    final ContainerSpec spec;
    String name;
    int age = 300;
    boolean paused;
    boolean restarting;
    Limits updated;
    Optional<HealthStatus> health = Optional.empty();
    Phase phase = Phase.CREATED;
    Optional<Instant> startedAt = Optional.empty();
    Optional<ExitStatus> exit = Optional.empty();

    FakeContainer(ContainerSpec spec, String name) {
      this.spec = spec;
      this.name = name;
    }

    @Override
    public Optional<Joined> joined() {
      return Optional.empty();
    }

    @Override
    public void connect(Attachment wanted) {
      connected.add(wanted);
    }

    @Override
    public void disconnect(String network) {
      connected.removeIf(each -> each.network().equals(network));
    }

    @Override
    public String id() {
      return (Integer.toHexString(name.hashCode()) + "c".repeat(64)).substring(0, 64);
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public ContainerSpec spec() {
      return spec;
    }

    @Override
    public ContainerStatus status() {
      return new ContainerStatus(
          phase,
          phase == Phase.RUNNING ? Optional.of(4242) : Optional.empty(),
          Optional.empty(),
          NOW.minusSeconds(age),
          startedAt,
          exit,
          Optional.empty(),
          paused,
          restarting,
          0,
          health,
          Optional.empty(),
          false);
    }

    @Override
    public Optional<String> imageId() {
      return Optional.empty();
    }

    @Override
    public void restart(Optional<Integer> signal, Optional<Duration> patience) {
      stop(signal, patience);
      start();
    }

    @Override
    public io.kapsel.engine.ContainerCheckpoints checkpoints() {
      throw new UnsupportedOperationException();
    }

    @Override
    public io.kapsel.engine.Devices devices() {
      throw new UnsupportedOperationException();
    }

    @Override
    public io.kapsel.engine.Snapshots snapshots() {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<io.kapsel.runtime.Account> accounts() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void exportWhole(java.io.OutputStream out) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void pause() {
      deeds.add("pause " + name);
      paused = true;
    }

    @Override
    public void unpause() {
      deeds.add("unpause " + name);
      paused = false;
    }

    @Override
    public void update(UpdateRequest request, boolean mayStart) {
      deeds.add("update " + name + request.policy().map(it -> " " + it).orElse(""));
      updated = request.limits();
    }

    @Override
    public void rollback(boolean mayStart) {
      deeds.add("rollback " + name);
    }

    @Override
    public Optional<ContainerSpec> specBefore() {
      return Optional.empty();
    }

    @Override
    public FilesView view() {
      throw new AssertionError("there are no files");
    }

    @Override
    public List<Integer> processes() {
      return List.of(4242);
    }

    @Override
    public GroupUsage usage() {
      return new GroupUsage(0, 5 << 20, Optional.of(64L << 20), 1, 3, new GroupUsage.Io(1000, 0));
    }

    @Override
    public Sizes sizes() {
      return new Sizes(1_234_000, 5_000_000);
    }

    @Override
    public int attachTerminal(Fd end, int number, boolean alone) {
      deeds.add("terminal " + number + (alone ? " alone" : ""));
      return number;
    }

    @Override
    public void attach(Fd end, boolean stdin, boolean stdout, boolean stderr) {
      deeds.add("attach" + (stdin ? " in" : "") + (stdout ? " out" : "") + (stderr ? " err" : ""));
    }

    @Override
    public void start() {
      deeds.add("start " + name);
      if (startFailure != null) {
        throw startFailure;
      }
      phase = Phase.RUNNING;
      startedAt = Optional.of(NOW.minusSeconds(180));
    }

    @Override
    public void signal(int number) {
      deeds.add("signal " + name + " " + number);
      if (phase != Phase.RUNNING) {
        throw new EngineException.Conflict("kill", name, "it is not running");
      }
    }

    @Override
    public ExitStatus await() {
      deeds.add("await " + name);
      return new ExitStatus(exitCode, 0, false, NOW);
    }

    @Override
    public List<String> notices() {
      return notices;
    }

    @Override
    public boolean awaitReady(Duration limit) {
      return true;
    }

    @Override
    public String initStatus() {
      return "";
    }

    @Override
    public void stop(Optional<Integer> signal, Optional<Duration> patience) {
      deeds.add(
          "stop "
              + name
              + signal.map(it -> " " + it).orElse("")
              + patience.map(it -> " " + it).orElse(""));
    }

    @Override
    public void remove(boolean force, boolean volumes) {
      deeds.add("remove " + name + (force ? " force" : ""));
      if (phase == Phase.RUNNING && !force) {
        throw new EngineException.Conflict("remove", name, "it is running");
      }
      containers.remove(this);
    }

    @Override
    public void awaitRemoval() {
      deeds.add("gone " + name);
    }

    @Override
    public Optional<Path> logPath() {
      return Optional.empty();
    }

    @Override
    public Log log(LogQuery wanted) {
      query = wanted;
      Iterator<LogRecord> left = List.copyOf(records).iterator();
      return new Log() {
        @Override
        public Map<String, String> details() {
          return Map.of("k", "v w");
        }

        @Override
        public Optional<LogRecord> next() {
          return left.hasNext() ? Optional.of(left.next()) : Optional.empty();
        }

        @Override
        public void close() {
          deeds.add("log closed");
        }
      };
    }

    @Override
    public void export(java.io.OutputStream out) {
      deeds.add("export");
    }

    @Override
    public io.kapsel.engine.ContainerFiles files() {
      throw new UnsupportedOperationException("a fake container has no files");
    }

    @Override
    public io.kapsel.image.Image commit(io.kapsel.engine.Commit wanted) {
      throw new UnsupportedOperationException("a fake container has no files");
    }

    @Override
    public Running exec(ExecSpec wanted) {
      execs.add(wanted);
      deeds.add("exec " + name);
      return this;
    }
  }
}
