package io.kapsel.engine.compile;

import io.kapsel.engine.EngineException;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Capabilities;
import io.kapsel.oci.Device;
import io.kapsel.oci.IdMapping;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Process;
import io.kapsel.oci.Resources;
import io.kapsel.oci.Root;
import io.kapsel.oci.Spec;
import io.kapsel.oci.User;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** Turns what a caller said into an OCI configuration. */
public final class SpecCompiler {
  private static final long PERIOD = 100_000;
  private static final long NANOS_PER_CPU = 1_000_000_000L;
  private static final long PIDS = 2048;
  private static final String SHM_SIZE = "67108864";
  private static final List<String> MASKED =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/firmware",
          "/sys/devices/virtual/powercap");
  private static final List<String> READ_ONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private final ContainerSpec spec;
  private final HostFacts facts;
  private final Identity identity;
  private final Users users;
  private final ToIntFunction<String> pidOf;
  private final String reference;

  /**
   * For one container.
   *
   * @param pidOf the pid of a running container whose namespaces are shared, by name or id
   */
  public SpecCompiler(
      ContainerSpec spec,
      HostFacts facts,
      Identity identity,
      Users users,
      ToIntFunction<String> pidOf) {
    this.spec = spec;
    this.facts = facts;
    this.identity = identity;
    this.users = users;
    this.pidOf = pidOf;
    this.reference = spec.name().orElse(identity.id());
  }

  /** The configuration; {@code files} holds hosts, hostname and resolv.conf. */
  public Spec compile(Path files) {
    String hostname = hostname();
    return new Spec(
        Spec.VERSION,
        Optional.of(process(hostname)),
        Optional.of(new Root("rootfs", spec.readOnly())),
        own(spec.uts()) ? Optional.of(hostname) : Optional.empty(),
        own(spec.uts()) ? spec.domainname() : Optional.empty(),
        mounts(files),
        Optional.empty(),
        Map.of(),
        Optional.of(linux()));
  }

  /** The name that the container has for itself. */
  public String hostname() {
    return spec.hostname().orElse(identity.id().substring(0, 12));
  }

  private Process process(String hostname) {
    if (spec.arguments().isEmpty() || spec.arguments().getFirst().isEmpty()) {
      throw new EngineException.Invalid("create", reference, "no command specified");
    }
    Users.Account account = users.find(spec.user(), spec.groups(), reference);
    CapabilitySet bounding =
        spec.privileged()
            ? CapabilitySet.ALL.upTo(facts.lastCapability())
            : capabilities().upTo(facts.lastCapability());
    List<String> held = account.uid() == 0 ? bounding.labels() : List.of();
    return new Process(
        spec.stdio().terminal(),
        Optional.empty(),
        new User(
            account.uid(), account.gid(), Optional.empty(), account.groups(), Optional.empty()),
        spec.arguments(),
        environment(account, hostname),
        spec.workingDirectory().orElse("/"),
        Optional.of(new Capabilities(bounding.labels(), held, List.of(), held, List.of())),
        spec.ulimits().stream()
            .map(each -> new Process.Rlimit(each.rlimit(), each.soft(), each.hard()))
            .toList(),
        spec.security().noNewPrivileges(),
        apparmor(),
        spec.oomScoreAdj(),
        Optional.empty(),
        selinux(),
        Optional.empty(),
        Optional.empty());
  }

  private CapabilitySet capabilities() {
    try {
      return CapabilitySet.DEFAULT.adjusted(spec.capAdd(), spec.capDrop());
    } catch (IllegalArgumentException e) {
      throw new EngineException.Invalid("create", reference, String.valueOf(e.getMessage()));
    }
  }

  private Optional<String> apparmor() {
    Optional<String> asked = spec.security().apparmorProfile();
    if (asked.isPresent()) {
      return asked.filter(name -> !name.equals("unconfined") || facts.appArmor());
    }
    return facts.appArmor() && !spec.privileged()
        ? Optional.of("kapsel-default")
        : Optional.empty();
  }

  private Optional<String> selinux() {
    List<String> labels = spec.security().labels();
    if (labels.isEmpty() || labels.contains("disable")) {
      return Optional.empty();
    }
    if (!facts.seLinux()) {
      throw new EngineException.Refused(
          "create", reference, "SELinux is not enabled on this host, but a label was asked for");
    }
    String type = "container_t";
    String level = "s0";
    for (String label : labels) {
      type = label.startsWith("type:") ? label.substring(5) : type;
      level = label.startsWith("level:") ? label.substring(6) : level;
    }
    return Optional.of("system_u:system_r:" + type + ":" + level);
  }

  private List<String> environment(Users.Account account, String hostname) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    all.put("HOSTNAME", hostname);
    if (spec.stdio().terminal()) {
      all.put("TERM", "xterm");
    }
    all.put("HOME", account.home());
    for (String variable : spec.env()) {
      int equals = variable.indexOf('=');
      all.put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    return all.entrySet().stream().map(each -> each.getKey() + "=" + each.getValue()).toList();
  }

  private List<Mount> mounts(Path files) {
    boolean writable = spec.privileged();
    String access = writable ? "rw" : "ro";
    List<Mount> mounts = new ArrayList<>();
    mounts.add(Mount.of("/proc", "proc", "proc", "nosuid", "noexec", "nodev"));
    mounts.add(
        Mount.of("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"));
    mounts.add(Mount.of("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance"));
    mounts.add(Mount.of("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", access));
    mounts.add(Mount.of("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", access));
    mounts.add(Mount.of("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"));
    String size = spec.shmSize().map(bytes -> Long.toString(bytes)).orElse(SHM_SIZE);
    mounts.add(Mount.of("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "size=" + size));
    for (String name : List.of("resolv.conf", "hostname", "hosts")) {
      if (spec.mounts().stream().noneMatch(each -> each.target().equals("/etc/" + name))) {
        mounts.add(
            Mount.of("/etc/" + name, "bind", files.resolve(name).toString(), "bind", "rprivate"));
      }
    }
    spec.mounts().forEach(each -> mounts.add(mount(each)));
    return mounts;
  }

  private static Mount mount(MountRequest request) {
    return switch (request) {
      case MountRequest.Bind(Path source, String target, boolean readOnly, _, String propagation) ->
          Mount.of(target, "bind", source.toString(), "rbind", propagation, readOnly ? "ro" : "rw");
      case MountRequest.Tmpfs(
              String target,
              Optional<Long> size,
              int mode,
              List<String> options) -> {
        List<String> all = new ArrayList<>(options);
        all.add("mode=" + Integer.toOctalString(mode));
        size.ifPresent(bytes -> all.add("size=" + bytes));
        for (String usual : List.of("nosuid", "nodev", "noexec")) {
          if (!options.contains(usual.substring(2)) && !options.contains(usual)) {
            all.add(usual);
          }
        }
        yield Mount.of(target, "tmpfs", "tmpfs", all.toArray(String[]::new));
      }
    };
  }

  private static boolean own(NamespaceMode mode) {
    return mode instanceof NamespaceMode.Own;
  }

  private Linux linux() {
    List<IdMapping> ids =
        identity
            .idBase()
            .map(base -> List.of(new IdMapping(0, base, Identity.ID_COUNT)))
            .orElse(List.of());
    return new Linux(
        ids,
        ids,
        spec.sysctls(),
        Optional.of(resources()),
        Optional.of("/kapsel/" + identity.id()),
        namespaces(),
        devices(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        spec.privileged() ? List.of() : MASKED,
        spec.privileged() ? List.of() : READ_ONLY,
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Optional.empty());
  }

  private List<Namespace> namespaces() {
    List<Namespace> all = new ArrayList<>();
    all.add(Namespace.own(Namespace.Type.MOUNT));
    add(all, Namespace.Type.NETWORK, spec.network(), "net");
    add(all, Namespace.Type.IPC, spec.ipc(), "ipc");
    add(all, Namespace.Type.PID, spec.pid(), "pid");
    add(all, Namespace.Type.UTS, spec.uts(), "uts");
    add(all, Namespace.Type.CGROUP, spec.cgroupns(), "cgroup");
    if (identity.idBase().isPresent()) {
      all.add(Namespace.own(Namespace.Type.USER));
    }
    return all;
  }

  private void add(List<Namespace> all, Namespace.Type type, NamespaceMode mode, String file) {
    switch (mode) {
      case NamespaceMode.Own() -> all.add(Namespace.own(type));
      case NamespaceMode.Host() -> {}
      case NamespaceMode.Container(String other) ->
          all.add(
              new Namespace(type, Optional.of("/proc/" + pidOf.applyAsInt(other) + "/ns/" + file)));
    }
  }

  private Resources resources() {
    Limits limits = spec.limits();
    Optional<Long> quota = limits.cpuQuota();
    Optional<Long> period = limits.cpuPeriod();
    if (limits.nanoCpus().isPresent()) {
      long nanos = limits.nanoCpus().get();
      if (nanos > facts.cpus() * NANOS_PER_CPU) {
        throw new EngineException.Invalid(
            "create",
            reference,
            "range of CPUs is from 0.01 to %d.00, as there are only %d CPUs available"
                .formatted(facts.cpus(), facts.cpus()));
      }
      quota = Optional.of(nanos * PERIOD / NANOS_PER_CPU);
      period = Optional.of(PERIOD);
    }
    Optional<Long> swap = limits.memorySwap().or(() -> limits.memory().map(bytes -> bytes * 2));
    return new Resources(
        spec.devices().stream().map(this::rule).toList(),
        Optional.of(
            new Resources.Memory(
                limits.memory(),
                limits.memoryReservation(),
                swap,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty())),
        Optional.of(
            new Resources.Cpu(
                limits.cpuShares(),
                quota,
                Optional.empty(),
                period,
                Optional.empty(),
                Optional.empty(),
                limits.cpusetCpus(),
                limits.cpusetMems(),
                Optional.empty())),
        Optional.of(
            new Resources.Pids(
                limits
                    .pids()
                    .map(limit -> limit == 0 ? Long.valueOf(-1) : limit)
                    .or(() -> Optional.of(PIDS)))),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Map.of(),
        Map.of());
  }

  private List<Device> devices() {
    return spec.devices().stream().map(this::device).toList();
  }

  private Device device(DeviceRequest request) {
    FileStatus status = status(request);
    return new Device(
        request.container(),
        status.type() == FileType.BLOCK_DEVICE ? "b" : "c",
        status.device().major(),
        status.device().minor(),
        Optional.of(status.mode() & 0777),
        Optional.of((long) status.uid()),
        Optional.of((long) status.gid()));
  }

  private Resources.DeviceRule rule(DeviceRequest request) {
    FileStatus status = status(request);
    return new Resources.DeviceRule(
        true,
        Optional.of(status.type() == FileType.BLOCK_DEVICE ? "b" : "c"),
        Optional.of((long) status.device().major()),
        Optional.of((long) status.device().minor()),
        Optional.of(request.access()));
  }

  private FileStatus status(DeviceRequest request) {
    try (io.kapsel.linux.Fd fd = Open.path(request.host().toString(), OpenFlags.PATH)) {
      FileStatus status = Attributes.status(fd);
      if (status.type() != FileType.BLOCK_DEVICE && status.type() != FileType.CHARACTER_DEVICE) {
        throw new EngineException.Invalid(
            "create", reference, "'" + request.host() + "' is not a device");
      }
      if (request.container().indexOf('/', 5) >= 0 || !request.container().startsWith("/dev/")) {
        throw new EngineException.Invalid(
            "create",
            reference,
            "a device is named directly below /dev, not '" + request.container() + "'");
      }
      return status;
    } catch (io.kapsel.linux.SyscallException e) {
      throw new EngineException.Invalid("create", reference, String.valueOf(e.getMessage()));
    }
  }
}
