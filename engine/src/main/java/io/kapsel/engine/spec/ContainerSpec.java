package io.kapsel.engine.spec;

import io.kapsel.base.Names;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Everything that a caller says about a container, checked as far as that goes without the host.
 *
 * @see ContainerSpecBuilder what each part means, and its default
 */
public record ContainerSpec(
    Optional<String> name,
    RootSource root,
    Optional<List<String>> entrypoint,
    List<String> command,
    List<String> env,
    Optional<String> workingDirectory,
    Optional<String> user,
    List<String> groups,
    Stdio stdio,
    boolean autoRemove,
    Optional<String> hostname,
    Optional<String> domainname,
    Map<String, String> labels,
    boolean init,
    Optional<String> stopSignal,
    Optional<Integer> stopTimeoutSeconds,
    List<MountRequest> mounts,
    boolean readOnly,
    Optional<Long> shmSize,
    boolean privileged,
    List<String> capAdd,
    List<String> capDrop,
    SecurityRequest security,
    List<DeviceRequest> devices,
    Limits limits,
    List<Ulimit> ulimits,
    Map<String, String> sysctls,
    Optional<Integer> oomScoreAdj,
    NamespaceMode network,
    NamespaceMode ipc,
    NamespaceMode pid,
    NamespaceMode uts,
    NamespaceMode userns,
    NamespaceMode cgroupns,
    Optional<Kind> kind,
    Optional<RestartPolicy> restart,
    Optional<Healthcheck> health,
    List<String> volumesFrom,
    Optional<NetworkRequest> networks,
    Map<String, String> annotations,
    List<DeviceRuleRequest> deviceRules,
    Optional<LogRequest> log,
    Optional<Care> care,
    Optional<Owners> owners) {
  private static final int LONGEST_HOSTNAME = 64;
  private static final int WORST_OOM_SCORE = 1000;
  private static final Pattern HOSTNAME =
      Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?");
  private static final Pattern SYSCTL = Pattern.compile("[A-Za-z0-9_*-]+([./][A-Za-z0-9_*:@-]+)+");

  /** Checks each part. */
  public ContainerSpec {
    command = List.copyOf(command);
    env = List.copyOf(env);
    groups = List.copyOf(groups);
    labels = Map.copyOf(labels);
    mounts = List.copyOf(mounts);
    capAdd = List.copyOf(capAdd);
    capDrop = List.copyOf(capDrop);
    devices = List.copyOf(devices);
    ulimits = List.copyOf(ulimits);
    volumesFrom = List.copyOf(volumesFrom);
    sysctls = Map.copyOf(sysctls);
    annotations = Map.copyOf(annotations);
    deviceRules = List.copyOf(deviceRules);
    name.ifPresent(ContainerSpec::checkName);
    entrypoint = entrypoint.map(List::copyOf);
    entrypoint.ifPresent(parts -> parts.forEach(ContainerSpec::noNul));
    command.forEach(ContainerSpec::noNul);
    env.forEach(ContainerSpec::variable);
    workingDirectory.ifPresent(ContainerSpec::directory);
    hostname.ifPresent(ContainerSpec::checkHostname);
    domainname.ifPresent(ContainerSpec::checkHostname);
    shmSize.ifPresent(
        bytes -> InvalidRequestException.unless(bytes > 0, "a /dev/shm of %s bytes", bytes));
    oomScoreAdj.ifPresent(score ->
        InvalidRequestException.unless(
            Math.abs(score) <= WORST_OOM_SCORE,
            "an OOM score adjustment of %s is not between -1000 and 1000",
            score));
    stopTimeoutSeconds.ifPresent(seconds ->
        InvalidRequestException.unless(seconds >= -1, "a stop timeout of %s seconds", seconds));
    sysctls.forEach(ContainerSpec::checkSysctl);
    checkTargets(mounts);
    InvalidRequestException.unless(
        security.intercept().isEmpty() || kind.filter(Kind.SYSTEM::equals).isPresent(),
        "system calls are intercepted in whole systems; use 'launch' or --system with it");
    Interception.checkUsers(security.intercept(), userns);
    InvalidRequestException.unless(
        !security.nesting() || kind.filter(Kind.SYSTEM::equals).isPresent(),
        "only a whole system can run containers itself; use 'launch' or --system with nesting");
    InvalidRequestException.unless(
        owners.isEmpty() || !(userns instanceof NamespaceMode.Host),
        "owners are shown as others by the user namespace, which --userns host leaves out");
    InvalidRequestException.unless(
        owners.isEmpty() || !privileged,
        "owners are shown as others by the user namespace, which --privileged leaves out");
    InvalidRequestException.unless(
        !autoRemove || restart.filter(RestartPolicy::restarts).isEmpty(),
        "conflicting options: cannot specify both --restart and --rm");
    InvalidRequestException.unless(
        !autoRemove || care.flatMap(Care::snapshotEverySeconds).isEmpty(),
        "conflicting options: what goes when it stops has no snapshots");
    InvalidRequestException.unless(
        !(network instanceof NamespaceMode.Container)
            || networks.filter(it -> !it.published().isEmpty()).isEmpty(),
        "conflicting options: port publishing and the container type network mode");
    InvalidRequestException.unless(
        uts instanceof NamespaceMode.Own || hostname.isEmpty(),
        "a host name cannot be given to the host's UTS namespace");
    InvalidRequestException.unless(
        stdio.ttys().isEmpty() || kind.filter(Kind.SYSTEM::equals).isPresent(),
        "only a whole system has terminals besides its console; use 'launch' or --system with them");
    if (kind.filter(Kind.SYSTEM::equals).isPresent()) {
      InvalidRequestException.unless(!init, "a system container has an init of its own: no --init");
      InvalidRequestException.unless(
          pid instanceof NamespaceMode.Own && cgroupns instanceof NamespaceMode.Own,
          "the init of a system container needs its own processes and control groups");
      InvalidRequestException.unless(!readOnly, "a system container writes to its root");
      InvalidRequestException.unless(
          stdio.terminal() && stdio.openStdin() && !stdio.stdinOnce(),
          "a system container has a console");
    }
  }

  /** Whether a whole system runs in it. */
  public boolean isSystem() {
    return kind.filter(Kind.SYSTEM::equals).isPresent();
  }

  /**
   * What a root knows of its process and its mounts, joined with what a caller said.
   *
   * @see ContainerSpecBuilder what each part means
   */
  public record Completion(
      Optional<List<String>> entrypoint,
      List<String> command,
      List<String> env,
      Optional<String> workingDirectory,
      Optional<String> user,
      Map<String, String> labels,
      Optional<String> stopSignal,
      List<MountRequest> mounts,
      Optional<Healthcheck> health) {}

  /** The same with these parts instead of what was said about them. */
  public ContainerSpec completed(Completion known) {
    return new ContainerSpecBuilder(this).completed(known).build();
  }

  /** What runs: entry point and command together. */
  public List<String> arguments() {
    List<String> all = new java.util.ArrayList<>(entrypoint.orElse(List.of()));
    all.addAll(command);
    return List.copyOf(all);
  }

  /** The same for another name. */
  public ContainerSpec named(Optional<String> other) {
    return new ContainerSpecBuilder(this).named(other).build();
  }

  /** The same with other mounts. */
  public ContainerSpec mounted(List<MountRequest> other) {
    return new ContainerSpecBuilder(this).mounts(other).build();
  }

  /** The same with other limits. */
  public ContainerSpec limited(Limits other) {
    return new ContainerSpecBuilder(this).limits(other).build();
  }

  /** The same with another policy for its end. */
  public ContainerSpec restarted(RestartPolicy other) {
    return new ContainerSpecBuilder(this).restart(other).build();
  }

  /** Where its output is kept. */
  public LogRequest logging() {
    return log.orElse(LogRequest.DEFAULT);
  }

  /** When it is started again after its end. */
  public RestartPolicy restartPolicy() {
    return restart.orElse(RestartPolicy.NEVER);
  }

  private static void checkName(String name) {
    InvalidRequestException.unless(
        Names.isValid(name),
        "'%s' is not a name: only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
        name);
  }

  /** Whether a container may be called so: letters, digits, dots and hyphens, 64 at most. */
  public static boolean isHostname(String name) {
    return name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_HOSTNAME
        && HOSTNAME.matcher(name).matches();
  }

  private static void checkHostname(String name) {
    InvalidRequestException.unless(
        isHostname(name),
        "'%s' is not a host name of at most 64 letters, digits, dots and hyphens",
        name);
  }

  private static void checkSysctl(String key, String value) {
    InvalidRequestException.unless(
        SYSCTL.matcher(key).matches(), "'%s' is not a kernel setting", key);
    InvalidRequestException.unless(
        value.indexOf('\0') < 0 && value.indexOf('\n') < 0,
        "the value of the kernel setting '%s' has more than one line",
        key);
  }

  private static void checkTargets(List<MountRequest> mounts) {
    Set<String> targets = new HashSet<>();
    for (MountRequest mount : mounts) {
      InvalidRequestException.unless(
          targets.add(mount.target()), "two mounts have the target '%s'", mount.target());
    }
  }

  static void noNul(String text) {
    InvalidRequestException.unless(text.indexOf('\0') < 0, "an argument contains a NUL");
  }

  static void variable(String text) {
    InvalidRequestException.unless(
        text.indexOf('=') > 0 && text.indexOf('\0') < 0, "'%s' is not NAME=value", text);
  }

  static void directory(String path) {
    InvalidRequestException.unless(
        path.startsWith("/") && path.indexOf('\0') < 0,
        "the working directory '%s' is not an absolute path",
        path);
  }
}
