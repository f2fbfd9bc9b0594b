package io.kapsel.cli.command.spec;

import io.kapsel.base.AtomicFile;
import io.kapsel.cli.command.image.ImageSource;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.server.Request;
import io.kapsel.engine.spec.Care;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.DeviceRuleRequest;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.LogRequest;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.Owners;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.engine.spec.SecurityRequest;
import io.kapsel.engine.spec.Stdio;
import io.kapsel.engine.spec.Ttys;
import io.kapsel.engine.spec.Ulimit;
import io.kapsel.linux.process.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The command line of {@code run} or {@code create} as a container's specification. */
public final class SpecReader {
  private static final long LONGEST_PROFILE = 1 << 20;

  private final Arguments arguments;
  private final Request request;

  private SpecReader(Arguments arguments, Request request) {
    this.arguments = arguments;
    this.request = request;
  }

  /**
   * Reads it; {@code attached}: a client stays with the container and ends its input by leaving.
   *
   * @throws IllegalArgumentException with a reason when it makes no sense
   */
  public static ContainerSpec read(Arguments arguments, Request request, boolean attached) {
    return new SpecReader(arguments, request).read(attached);
  }

  private ContainerSpec read(boolean attached) {
    List<String> operands = arguments.operands();
    ContainerSpecBuilder spec = new ContainerSpecBuilder(root(operands.getFirst()));
    spec.command(operands.subList(1, operands.size()));
    spec.stdio(stdio(attached));
    if (arguments.is(RunFlags.SYSTEM)) {
      spec.system();
    }
    return read(spec);
  }

  /** A whole system as {@code launch} has it: a root, and perhaps a name. */
  public static ContainerSpecBuilder system(Arguments arguments, Request request, String root) {
    SpecReader reader = new SpecReader(arguments, request);
    Stdio console = reader.withTtys(Stdio.OUTPUT_ONLY);
    ContainerSpecBuilder spec = new ContainerSpecBuilder(reader.root(root)).stdio(console).system();
    reader.parts(spec);
    return spec;
  }

  private ContainerSpec read(ContainerSpecBuilder spec) {
    parts(spec);
    return spec.build();
  }

  private void parts(ContainerSpecBuilder spec) {
    identity(spec);
    files(spec);
    rights(spec);
    namespaces(spec);
    spec.limits(limits(arguments));
    spec.ulimits(arguments.all(RunFlags.ULIMIT).stream().map(Ulimit::parse).toList());
    spec.sysctls(pairs(RunFlags.SYSCTL, true));
    arguments.last(RunFlags.OOM_SCORE).ifPresent(spec::oomScoreAdj);
    arguments.last(RunFlags.RESTART).ifPresent(spec::restart);
    HealthReader.read(arguments).ifPresent(spec::health);
    log().ifPresent(spec::log);
  }

  private Optional<LogRequest> log() {
    Optional<String> driver = arguments.last(RunFlags.LOG_DRIVER);
    Map<String, String> options = pairs(arguments.all(RunFlags.LOG_OPTION));
    return driver.isEmpty() && options.isEmpty()
        ? Optional.empty()
        : Optional.of(new LogRequest(driver.orElse(LogRequest.UNNAMED), options));
  }

  private RootSource root(String text) {
    RootSource root = RootSource.parse(text, request.directory());
    Optional<String> platform = arguments.last(ImageSource.PLATFORM).map(Object::toString);
    if (platform.isEmpty()) {
      return root;
    }
    if (!(root instanceof RootSource.Image image)) {
      throw new InvalidRequestException("--platform is for images, and '" + text + "' is none");
    }
    return new RootSource.Image(image.reference(), platform);
  }

  private Stdio stdio(boolean attached) {
    boolean input = arguments.is(RunFlags.INTERACTIVE);
    return withTtys(stdio(request, arguments.is(RunFlags.TTY), input, input && attached));
  }

  private Stdio withTtys(Stdio stdio) {
    return arguments
        .last(RunFlags.TTYS)
        .filter(count -> count > 0)
        .map(count -> stdio.with(new Ttys(count, Optional.empty())))
        .orElse(stdio);
  }

  /** Streams of a process; a terminal is as large as the client's. */
  public static Stdio stdio(Request request, boolean terminal, boolean open, boolean once) {
    Request.WindowSize window = request.window();
    return new Stdio(
        terminal,
        open,
        once,
        terminal ? Short.toUnsignedInt(window.rows()) : 0,
        terminal ? Short.toUnsignedInt(window.columns()) : 0);
  }

  private void identity(ContainerSpecBuilder spec) {
    arguments.last(RunFlags.NAME).ifPresent(spec::name);
    arguments.last(RunFlags.ENTRYPOINT).ifPresent(it -> spec.entrypoint(entrypoint(it)));
    spec.env(
        environment(
            arguments.all(RunFlags.ENVIRONMENT_FILE),
            arguments.all(RunFlags.ENVIRONMENT),
            request));
    arguments.last(RunFlags.DIRECTORY).ifPresent(spec::workingDirectory);
    arguments.last(RunFlags.USER).ifPresent(spec::user);
    spec.groups(arguments.all(RunFlags.GROUP));
    spec.autoRemove(arguments.is(RunFlags.REMOVE));
    arguments.last(RunFlags.HOSTNAME).ifPresent(spec::hostname);
    arguments.last(RunFlags.DOMAIN_NAME).ifPresent(spec::domainname);
    spec.labels(labels());
    spec.annotations(pairs(RunFlags.ANNOTATION, true));
    spec.init(arguments.is(RunFlags.INIT));
    arguments.last(RunFlags.STOP_SIGNAL).map(SpecReader::signal).ifPresent(spec::stopSignal);
    arguments.last(RunFlags.STOP_TIMEOUT).ifPresent(spec::stopTimeoutSeconds);
  }

  /** Files first, where a name alone says nothing, then single labels. */
  private Map<String, String> labels() {
    Map<String, String> all = new LinkedHashMap<>();
    for (Path file : arguments.all(RunFlags.LABEL_FILE)) {
      all.putAll(
          pairs(flag(() -> EnvironmentFile.read(request.path(file), _ -> Optional.empty()))));
    }
    all.putAll(pairs(RunFlags.LABEL, false));
    return all;
  }

  private static String signal(String text) {
    if (Signal.parse(text).isEmpty()) {
      throw new InvalidRequestException("invalid signal: '" + text + "'");
    }
    return text;
  }

  /** An empty entry point takes the root's own away. */
  private static List<String> entrypoint(String text) {
    return text.isEmpty() ? List.of() : List.of(text);
  }

  /** Files first, then single variables; a name alone takes the client's value. */
  public static List<String> environment(List<Path> files, List<String> entries, Request request) {
    List<String> all = new ArrayList<>();
    for (Path file : files) {
      all.addAll(EnvironmentFile.read(request.path(file), request::variable));
    }
    for (String entry : entries) {
      EnvironmentFile.entry(entry, request::variable).ifPresent(all::add);
    }
    return all;
  }

  private void files(ContainerSpecBuilder spec) {
    List<MountRequest> mounts = new ArrayList<>();
    Path directory = request.directory();
    arguments
        .all(RunFlags.VOLUME)
        .forEach(it -> mounts.add(MountRequest.parseVolume(it, directory)));
    arguments.all(RunFlags.MOUNT).forEach(it -> mounts.add(MountRequest.parseMount(it, directory)));
    arguments.all(RunFlags.TMPFS).forEach(it -> mounts.add(MountRequest.parseTmpfs(it)));
    spec.mounts(mounts);
    spec.volumesFrom(arguments.all(RunFlags.VOLUMES_FROM));
    arguments
        .last(RunFlags.VOLUME_DRIVER)
        .filter(it -> !it.equals("local"))
        .ifPresent(it -> {
          throw new InvalidRequestException("there is no volume driver '" + it + "'; use local");
        });
    spec.readOnly(arguments.is(RunFlags.READ_ONLY));
    arguments.last(RunFlags.SHARED_MEMORY).ifPresent(spec::shmSize);
  }

  private void rights(ContainerSpecBuilder spec) {
    spec.privileged(arguments.is(RunFlags.PRIVILEGED));
    spec.capAdd(arguments.all(RunFlags.CAPABILITY_ADD));
    spec.capDrop(arguments.all(RunFlags.CAPABILITY_DROP));
    SecurityRequest security =
        flag(() -> SecurityRequest.parse(arguments.all(RunFlags.SECURITY), this::profile));
    spec.care(
        new Care(
            arguments.last(RunFlags.START_ORDER),
            arguments.last(RunFlags.START_DELAY).orElse(0),
            arguments.last(RunFlags.SNAPSHOT_EVERY).map(Duration::toSeconds),
            arguments.last(RunFlags.SNAPSHOT_KEEP).map(Duration::toSeconds)));
    List<String> intercepted =
        arguments.all(RunFlags.INTERCEPT).stream()
            .flatMap(each -> List.of(each.split(",", -1)).stream())
            .toList();
    spec.security(
        (arguments.is(RunFlags.NESTING) ? security.nested() : security).intercepting(intercepted));
    spec.devices(arguments.all(RunFlags.DEVICE).stream().map(DeviceRequest::parse).toList());
    spec.deviceRules(
        flag(() ->
            arguments.all(RunFlags.DEVICE_RULE).stream().map(DeviceRuleRequest::parse).toList()));
  }

  private String profile(String name) {
    Path file = request.path(Path.of(name));
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new InvalidRequestException("'" + file + "' is not a regular file");
      }
      if (Files.size(file) > LONGEST_PROFILE) {
        throw new InvalidRequestException("the profile '" + file + "' is longer than 1 MiB");
      }
      return Files.readString(file);
    } catch (IOException e) {
      throw new InvalidRequestException(
          "cannot read the profile '" + file + "': " + AtomicFile.reason(e));
    }
  }

  private void namespaces(ContainerSpecBuilder spec) {
    new NetworkFlags(arguments).read(spec);
    mode(RunFlags.IPC, true).ifPresent(spec::ipc);
    flag(() -> mode(RunFlags.PID, true)).ifPresent(spec::pid);
    flag(() -> mode(RunFlags.UTS, false)).ifPresent(spec::uts);
    flag(() -> mode(RunFlags.USER_NAMESPACE, false)).ifPresent(spec::userns);
    flag(() -> mode(RunFlags.CGROUP_NAMESPACE, false)).ifPresent(spec::cgroupns);
    List<String> owners = arguments.all(RunFlags.OWNERS);
    if (!owners.isEmpty()) {
      spec.owners(flag(() -> Owners.parse(owners)));
    }
  }

  /** What Docker's client looks at by itself: a mistake there is one of the command line. */
  private static <T> T flag(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (InvalidRequestException e) {
      throw new FlagException(String.valueOf(e.getMessage()));
    }
  }

  private Optional<NamespaceMode> mode(Flag<String> flag, boolean joinable) {
    return arguments.last(flag).map(it -> NamespaceMode.parse(flag.name(), it, joinable));
  }

  /** What the flags of limits say. */
  public static Limits limits(Arguments arguments) {
    return new Limits(
            positive(arguments, RunFlags.MEMORY),
            arguments.last(RunFlags.MEMORY_SWAP).filter(it -> it != 0),
            positive(arguments, RunFlags.MEMORY_RESERVATION),
            positive(arguments, RunFlags.CPUS),
            positive(arguments, RunFlags.CPU_SHARES),
            positive(arguments, RunFlags.CPU_PERIOD),
            arguments.last(RunFlags.CPU_QUOTA).filter(it -> it != 0),
            arguments.last(RunFlags.CPU_SET).filter(it -> !it.isEmpty()),
            arguments.last(RunFlags.MEMORY_NODES).filter(it -> !it.isEmpty()),
            arguments.last(RunFlags.PIDS).map(it -> it == 0 ? -1 : it))
        .with(
            arguments.last(RunFlags.SWAPPINESS).filter(it -> it != -1),
            arguments.last(RunFlags.NO_OOM_KILL).filter(Boolean::booleanValue));
  }

  /** Zero stands for no limit, as everywhere in Docker. */
  private static Optional<Long> positive(Arguments arguments, Flag<Long> flag) {
    return arguments.last(flag).filter(it -> it != 0);
  }

  private Map<String, String> pairs(Flag<String> flag, boolean valueNeeded) {
    for (String text : arguments.all(flag)) {
      int equals = text.indexOf('=');
      if (equals == 0 || (equals < 0 && valueNeeded)) {
        throw new InvalidRequestException(
            "'" + text + "' in --" + flag.name() + " is not KEY=value");
      }
    }
    return pairs(arguments.all(flag));
  }

  /** Texts as KEY=value, in order; what is behind a key alone is empty. */
  public static Map<String, String> pairs(List<String> texts) {
    Map<String, String> pairs = new LinkedHashMap<>();
    for (String text : texts) {
      String[] halves = text.split("=", 2);
      pairs.put(halves[0], halves.length < 2 ? "" : halves[1]);
    }
    return pairs;
  }
}
