package io.kapsel.engine.spec;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes a {@link ContainerSpec} part by part. */
public final class ContainerSpecBuilder {
  private Optional<String> name = Optional.empty();
  private final RootSource root;
  private Optional<List<String>> entrypoint = Optional.empty();
  private List<String> command = List.of();
  private List<String> env = List.of();
  private Optional<String> workingDirectory = Optional.empty();
  private Optional<String> user = Optional.empty();
  private List<String> groups = List.of();
  private Stdio stdio = Stdio.OUTPUT_ONLY;
  private boolean autoRemove = false;
  private Optional<String> hostname = Optional.empty();
  private Optional<String> domainname = Optional.empty();
  private Map<String, String> labels = Map.of();
  private boolean init = false;
  private Optional<String> stopSignal = Optional.empty();
  private Optional<Integer> stopTimeoutSeconds = Optional.empty();
  private List<MountRequest> mounts = List.of();
  private boolean readOnly = false;
  private Optional<Long> shmSize = Optional.empty();
  private boolean privileged = false;
  private List<String> capAdd = List.of();
  private List<String> capDrop = List.of();
  private Optional<Care> care = Optional.empty();
  private SecurityRequest security = SecurityRequest.DEFAULT;
  private List<DeviceRequest> devices = List.of();
  private Limits limits = Limits.DEFAULT;
  private List<Ulimit> ulimits = List.of();
  private Map<String, String> sysctls = Map.of();
  private Optional<Integer> oomScoreAdj = Optional.empty();
  private NamespaceMode network = NamespaceMode.OWN;
  private Optional<NetworkRequest> networks = Optional.empty();
  private NamespaceMode ipc = NamespaceMode.OWN;
  private NamespaceMode pid = NamespaceMode.OWN;
  private NamespaceMode uts = NamespaceMode.OWN;
  private NamespaceMode userns = NamespaceMode.OWN;
  private NamespaceMode cgroupns = NamespaceMode.OWN;
  private Optional<Kind> kind = Optional.empty();
  private Optional<RestartPolicy> restart = Optional.empty();
  private Optional<Healthcheck> health = Optional.empty();
  private Optional<LogRequest> log = Optional.empty();
  private List<String> volumesFrom = List.of();
  private Map<String, String> annotations = Map.of();
  private List<DeviceRuleRequest> deviceRules = List.of();
  private Optional<Owners> owners = Optional.empty();

  /** A container with this root file system, and the engine's defaults. */
  public ContainerSpecBuilder(RootSource root) {
    this.root = root;
  }

  /** A container like another. */
  public ContainerSpecBuilder(ContainerSpec spec) {
    name = spec.name();
    root = spec.root();
    entrypoint = spec.entrypoint();
    command = spec.command();
    env = spec.env();
    workingDirectory = spec.workingDirectory();
    user = spec.user();
    groups = spec.groups();
    stdio = spec.stdio();
    autoRemove = spec.autoRemove();
    hostname = spec.hostname();
    domainname = spec.domainname();
    labels = spec.labels();
    init = spec.init();
    stopSignal = spec.stopSignal();
    stopTimeoutSeconds = spec.stopTimeoutSeconds();
    mounts = spec.mounts();
    readOnly = spec.readOnly();
    shmSize = spec.shmSize();
    privileged = spec.privileged();
    capAdd = spec.capAdd();
    capDrop = spec.capDrop();
    security = spec.security();
    care = spec.care();
    owners = spec.owners();
    devices = spec.devices();
    limits = spec.limits();
    ulimits = spec.ulimits();
    sysctls = spec.sysctls();
    oomScoreAdj = spec.oomScoreAdj();
    network = spec.network();
    ipc = spec.ipc();
    pid = spec.pid();
    uts = spec.uts();
    userns = spec.userns();
    cgroupns = spec.cgroupns();
    kind = spec.kind();
    restart = spec.restart();
    health = spec.health();
    volumesFrom = spec.volumesFrom();
    networks = spec.networks();
    annotations = spec.annotations();
    deviceRules = spec.deviceRules();
    log = spec.log();
  }

  /** Sets where its output is kept; 5 files of 20 MiB at most otherwise. */
  public ContainerSpecBuilder log(LogRequest value) {
    log = Optional.of(value);
    return this;
  }

  /** Sets its name; one is made up otherwise. */
  public ContainerSpecBuilder name(String value) {
    name = Optional.of(value);
    return this;
  }

  /** Sets what runs, before the command. */
  public ContainerSpecBuilder entrypoint(List<String> value) {
    entrypoint = Optional.of(value);
    return this;
  }

  /** Sets what runs, or the arguments of the entry point. */
  public ContainerSpecBuilder command(List<String> value) {
    command = value;
    return this;
  }

  /** Sets NAME=value. */
  public ContainerSpecBuilder env(List<String> value) {
    env = value;
    return this;
  }

  /** Sets where it runs. */
  public ContainerSpecBuilder workingDirectory(String value) {
    workingDirectory = Optional.of(value);
    return this;
  }

  /** Sets USER[:GROUP], by name or number. */
  public ContainerSpecBuilder user(String value) {
    user = Optional.of(value);
    return this;
  }

  /** Sets further groups, by name or number. */
  public ContainerSpecBuilder groups(List<String> value) {
    groups = value;
    return this;
  }

  /** Sets terminal and streams. */
  public ContainerSpecBuilder stdio(Stdio value) {
    stdio = value;
    return this;
  }

  /** Sets whether it is removed when it has ended. */
  public ContainerSpecBuilder autoRemove(boolean value) {
    autoRemove = value;
    return this;
  }

  /** Sets its host name; else the short id. */
  public ContainerSpecBuilder hostname(String value) {
    hostname = Optional.of(value);
    return this;
  }

  /** Sets its NIS domain name. */
  public ContainerSpecBuilder domainname(String value) {
    domainname = Optional.of(value);
    return this;
  }

  /** Sets what callers noted. */
  public ContainerSpecBuilder labels(Map<String, String> value) {
    labels = value;
    return this;
  }

  /** Sets whether a tiny init is process 1. */
  public ContainerSpecBuilder init(boolean value) {
    init = value;
    return this;
  }

  /** Sets what asks it to stop. */
  public ContainerSpecBuilder stopSignal(String value) {
    stopSignal = Optional.of(value);
    return this;
  }

  /** Sets how long it may take; -1: for ever. */
  public ContainerSpecBuilder stopTimeoutSeconds(Integer value) {
    stopTimeoutSeconds = Optional.of(value);
    return this;
  }

  /** Sets what it sees besides its root. */
  public ContainerSpecBuilder mounts(List<MountRequest> value) {
    mounts = value;
    return this;
  }

  /** Sets whether the root file system is read-only. */
  public ContainerSpecBuilder readOnly(boolean value) {
    readOnly = value;
    return this;
  }

  /** Sets bytes of /dev/shm. */
  public ContainerSpecBuilder shmSize(Long value) {
    shmSize = Optional.of(value);
    return this;
  }

  /** Sets nearly all rights on the host. */
  public ContainerSpecBuilder privileged(boolean value) {
    privileged = value;
    return this;
  }

  /** Sets capabilities it has more. */
  public ContainerSpecBuilder capAdd(List<String> value) {
    capAdd = value;
    return this;
  }

  /** Sets capabilities it has not. */
  public ContainerSpecBuilder capDrop(List<String> value) {
    capDrop = value;
    return this;
  }

  /** Sets what the runtime is told besides. */
  public ContainerSpecBuilder annotations(Map<String, String> value) {
    annotations = value;
    return this;
  }

  /** Sets which devices may be used that it makes itself. */
  public ContainerSpecBuilder deviceRules(List<DeviceRuleRequest> value) {
    deviceRules = value;
    return this;
  }

  /** Sets filters and labels. */
  public ContainerSpecBuilder security(SecurityRequest value) {
    security = value;
    return this;
  }

  /** Sets devices of the host. */
  public ContainerSpecBuilder devices(List<DeviceRequest> value) {
    devices = value;
    return this;
  }

  /** Sets how much it may use. */
  public ContainerSpecBuilder limits(Limits value) {
    limits = value;
    return this;
  }

  /** Sets limits of each process. */
  public ContainerSpecBuilder ulimits(List<Ulimit> value) {
    ulimits = value;
    return this;
  }

  /** Sets kernel settings of its namespaces. */
  public ContainerSpecBuilder sysctls(Map<String, String> value) {
    sysctls = value;
    return this;
  }

  /** Sets preference of the OOM killer. */
  public ContainerSpecBuilder oomScoreAdj(Integer value) {
    oomScoreAdj = Optional.of(value);
    return this;
  }

  /** Sets what it wants in a network of its own. */
  public ContainerSpecBuilder networks(NetworkRequest value) {
    networks = Optional.of(value);
    return this;
  }

  /** Sets whose network. */
  public ContainerSpecBuilder network(NamespaceMode value) {
    network = value;
    return this;
  }

  /** Sets whose IPC objects. */
  public ContainerSpecBuilder ipc(NamespaceMode value) {
    ipc = value;
    return this;
  }

  /** Sets whose processes. */
  public ContainerSpecBuilder pid(NamespaceMode value) {
    pid = value;
    return this;
  }

  /** Sets whose host name. */
  public ContainerSpecBuilder uts(NamespaceMode value) {
    uts = value;
    return this;
  }

  /** Sets whose users. */
  public ContainerSpecBuilder userns(NamespaceMode value) {
    userns = value;
    return this;
  }

  /** Sets whose root of the control groups. */
  public ContainerSpecBuilder cgroupns(NamespaceMode value) {
    cgroupns = value;
    return this;
  }

  /** Sets that a whole system runs in it, with a console that outlives whoever looks at it. */
  public ContainerSpecBuilder system() {
    kind = Optional.of(Kind.SYSTEM);
    stdio = new Stdio(true, true, false, stdio.rows(), stdio.columns(), stdio.ttys());
    return this;
  }

  /** Sets when it is started again after its end. */
  public ContainerSpecBuilder restart(RestartPolicy value) {
    restart = Optional.of(value);
    return this;
  }

  /** Sets what the engine does for it of its own accord. */
  public ContainerSpecBuilder care(Care value) {
    care = value.equals(Care.NONE) ? Optional.empty() : Optional.of(value);
    return this;
  }

  /** Sets to which ids of the host its files there belong; without: to its own. */
  public ContainerSpecBuilder owners(Owners value) {
    owners = Optional.of(value);
    return this;
  }

  /** Sets of which containers it has the volumes and binds as well, NAME[:ro]. */
  public ContainerSpecBuilder volumesFrom(List<String> value) {
    volumesFrom = value;
    return this;
  }

  /** Sets how it is found out whether it works. */
  public ContainerSpecBuilder health(Healthcheck value) {
    health = Optional.of(value);
    return this;
  }

  ContainerSpecBuilder named(Optional<String> value) {
    name = value;
    return this;
  }

  ContainerSpecBuilder completed(ContainerSpec.Completion known) {
    entrypoint = known.entrypoint();
    command = known.command();
    env = known.env();
    workingDirectory = known.workingDirectory();
    user = known.user();
    labels = known.labels();
    stopSignal = known.stopSignal();
    mounts = known.mounts();
    health = known.health();
    return this;
  }

  /**
   * The specification.
   *
   * @throws InvalidRequestException when a part makes no sense
   */
  public ContainerSpec build() {
    return new ContainerSpec(
        name,
        root,
        entrypoint,
        command,
        env,
        workingDirectory,
        user,
        groups,
        stdio,
        autoRemove,
        hostname,
        domainname,
        labels,
        init,
        stopSignal,
        stopTimeoutSeconds,
        mounts,
        readOnly,
        shmSize,
        privileged,
        capAdd,
        capDrop,
        security,
        devices,
        limits,
        ulimits,
        sysctls,
        oomScoreAdj,
        network,
        ipc,
        pid,
        uts,
        userns,
        cgroupns,
        kind,
        restart,
        health,
        volumesFrom,
        networks,
        annotations,
        deviceRules,
        log,
        care,
        owners);
  }
}
