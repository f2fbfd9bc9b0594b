package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.network.ContainerNetworks;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.HealthStatus;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.Healthcheck;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.LogRequest;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RestartPolicy;
import io.kapsel.engine.spec.Ulimit;
import io.kapsel.linux.process.Uname;
import io.kapsel.network.NetworkRate;
import io.kapsel.network.Networks;
import io.kapsel.network.Port;
import io.kapsel.network.Restrictions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All that is known of a container, with the keys of Docker, in its order. */
final class ContainerInspection {
  private static final String NEVER = "0001-01-01T00:00:00Z";

  private ContainerInspection() {}

  /** What it is called and does at one moment: others rename and start it meanwhile. */
  private record Moment(String name, ContainerStatus status) {
    static Moment of(Engine.Container it) {
      while (true) {
        Moment moment = new Moment(it.name(), it.status());
        if (moment.name.equals(it.name())) {
          return moment;
        }
      }
    }
  }

  static Struct of(
      Engine.Container it, java.nio.file.Path volumes, Networks networks, boolean sized) {
    Moment now = Moment.of(it);
    ContainerSpec spec = it.spec();
    List<String> words = spec.arguments();
    Struct all =
        new Struct()
            .with("Id", it.id())
            .with("Created", now.status().createdAt().toString())
            .with("Path", words.isEmpty() ? "" : words.getFirst())
            .with("Args", words.isEmpty() ? List.of() : words.subList(1, words.size()))
            .with("State", state(now.status()))
            .with("Image", it.imageId().orElse(spec.root().toString()))
            .with("LogPath", it.logPath().map(Path::toString).orElse(""))
            .with("Name", "/" + now.name())
            .with("RestartCount", (long) now.status().restartCount())
            .with("Driver", "overlay")
            .with("Platform", "linux")
            .with("AppArmorProfile", spec.security().apparmorProfile().orElse(""))
            .with("HostConfig", host(spec));
    if (sized) {
      Engine.Sizes sizes = it.sizes();
      all.with("SizeRw", sizes.own()).with("SizeRootFs", sizes.all());
    }
    return all.with("Mounts", spec.mounts().stream().map(each -> mount(each, volumes)).toList())
        .with("Config", config(it.id(), spec))
        .with("NetworkSettings", ContainerNetworks.settings(it, networks));
  }

  private static Struct state(ContainerStatus status) {
    Struct state =
        new Struct()
            .with("Status", ContainerRow.state(status))
            .with("Running", status.phase() == Phase.RUNNING || status.restarting())
            .with("Paused", status.paused())
            .with("Restarting", status.restarting())
            .with("OOMKilled", status.exit().map(ExitStatus::oomKilled).orElse(false))
            .with("Dead", false)
            .with("Pid", (long) status.pid().orElse(0))
            .with("MonitorPid", (long) status.monitorPid().orElse(0))
            .with("ExitCode", (long) (int) status.exit().map(ExitStatus::code).orElse(0))
            .with("Error", status.error().orElse(""))
            .with("StartedAt", status.startedAt().map(Object::toString).orElse(NEVER))
            .with("FinishedAt", status.exit().map(it -> it.finishedAt().toString()).orElse(NEVER));
    status.health().ifPresent(health -> state.with("Health", health(health)));
    return state;
  }

  private static Struct health(HealthStatus health) {
    return new Struct()
        .with("Status", health.state().toString())
        .with("FailingStreak", (long) health.failures())
        .with("Log", health.looks().stream().map(ContainerInspection::look).toList());
  }

  private static Struct look(HealthStatus.Look look) {
    return new Struct()
        .with("Start", look.start().toString())
        .with("End", look.end().toString())
        .with("ExitCode", (long) look.exitCode())
        .with("Output", look.output());
  }

  private static Struct host(ContainerSpec spec) {
    Limits limits = spec.limits();
    RestartPolicy restart = spec.restartPolicy();
    Struct networks = ContainerNetworks.asked(spec);
    return new Struct()
        .with("Binds", binds(spec.mounts()))
        .with("NetworkMode", ContainerNetworks.names(spec).getFirst())
        .with("PortBindings", networks.remove("PortBindings"))
        .with(
            "RestartPolicy",
            new Struct()
                .with("Name", restart.kind().toString())
                .with("MaximumRetryCount", (long) restart.most()))
        .with("LogConfig", log(spec.logging()))
        .with("AutoRemove", spec.autoRemove())
        .with("VolumesFrom", orNull(spec.volumesFrom()))
        .with(
            "Annotations", spec.annotations().isEmpty() ? null : new TreeMap<>(spec.annotations()))
        .with("CapAdd", orNull(whole(spec.capAdd())))
        .with("CapDrop", orNull(whole(spec.capDrop())))
        .with("CgroupnsMode", mode(spec.cgroupns()))
        .withAll(networks)
        .with("GroupAdd", orNull(spec.groups()))
        .with("IpcMode", mode(spec.ipc()))
        .with("OomKillDisable", limits.oomKillDisabled().orElse(false))
        .with("MemorySwappiness", limits.swappiness().orElse(null))
        .with(
            "DeviceCgroupRules", orNull(spec.deviceRules().stream().map(Object::toString).toList()))
        .with("Devices", spec.devices().stream().map(ContainerInspection::device).toList())
        .with("Ulimits", spec.ulimits().stream().map(ContainerInspection::ulimit).toList())
        .with("OomScoreAdj", (long) spec.oomScoreAdj().orElse(0))
        .with("PidMode", mode(spec.pid()))
        .with("Privileged", spec.privileged())
        .with("ReadonlyRootfs", spec.readOnly())
        .with("SecurityOpt", orNull(SecurityOptions.of(spec)))
        .with("UTSMode", mode(spec.uts()))
        .with("UsernsMode", mode(spec.userns()))
        .with("ShmSize", spec.shmSize().orElse(64L << 20))
        .with("Sysctls", new TreeMap<>(spec.sysctls()))
        .with("CpuShares", limits.cpuShares().orElse(0L))
        .with("Memory", limits.memory().orElse(0L))
        .with("NanoCpus", limits.nanoCpus().orElse(0L))
        .with("CpuPeriod", limits.cpuPeriod().orElse(0L))
        .with("CpuQuota", limits.cpuQuota().orElse(0L))
        .with("CpusetCpus", limits.cpusetCpus().orElse(""))
        .with("CpusetMems", limits.cpusetMems().orElse(""))
        .with("MemoryReservation", limits.memoryReservation().orElse(0L))
        .with("MemorySwap", swap(limits))
        .with("PidsLimit", limits.pids().orElse(null))
        .with("Init", spec.init())
        .with("Egress", orNull(restrictions(spec).egress()))
        .with("NetworkRate", rate(restrictions(spec)));
  }

  private static Struct device(DeviceRequest device) {
    return new Struct()
        .with("PathOnHost", device.host().toString())
        .with("PathInContainer", device.container())
        .with("CgroupPermissions", device.access());
  }

  private static Struct ulimit(Ulimit limit) {
    return new Struct()
        .with("Name", limit.name())
        .with("Hard", limit.hard())
        .with("Soft", limit.soft());
  }

  private static Restrictions restrictions(ContainerSpec spec) {
    return spec.networks().map(NetworkRequest::restrained).orElse(Restrictions.NONE);
  }

  /** Bits a second; 0: no limit. */
  private static Struct rate(Restrictions restrictions) {
    return new Struct()
        .with("In", restrictions.rate().flatMap(NetworkRate::in).orElse(0L))
        .with("Out", restrictions.rate().flatMap(NetworkRate::out).orElse(0L));
  }

  private static Struct log(LogRequest log) {
    return new Struct().with("Type", log.driver()).with("Config", new TreeMap<>(log.options()));
  }

  private static long swap(Limits limits) {
    return limits.memorySwap().or(() -> limits.memory().map(bytes -> 2 * bytes)).orElse(0L);
  }

  private static @org.jspecify.annotations.Nullable Object orNull(List<String> list) {
    return list.isEmpty() ? null : list;
  }

  private static @org.jspecify.annotations.Nullable Object binds(List<MountRequest> mounts) {
    return orNull(
        mounts.stream()
            .filter(MountRequest.Bind.class::isInstance)
            .map(MountRequest.Bind.class::cast)
            .map(bind ->
                Stream.of(bind.source().toString(), bind.target(), mode(bind))
                    .filter(part -> !part.isEmpty())
                    .collect(Collectors.joining(":")))
            .toList());
  }

  private static String mode(MountRequest.Bind bind) {
    String options = String.join(",", bind.options());
    return options.equals("rw") ? "" : options; // as usual
  }

  private static Struct mount(MountRequest mount, java.nio.file.Path volumes) {
    return switch (mount) {
      case MountRequest.Bind bind ->
          new Struct()
              .with("Type", "bind")
              .with("Source", bind.source().toString())
              .with("Destination", bind.target())
              .with("Mode", mode(bind))
              .with("RW", !bind.readOnly())
              .with("Propagation", bind.propagation());
      case MountRequest.Volume volume ->
          new Struct()
              .with("Type", "volume")
              .with("Name", volume.name())
              .with("Source", volumes.resolve(volume.name()).resolve("_data").toString())
              .with("Destination", volume.target())
              .with("Driver", "local")
              .with("Mode", volume.readOnly() ? "ro" : "z")
              .with("RW", !volume.readOnly())
              .with("Propagation", "");
      case MountRequest.Tmpfs tmpfs ->
          new Struct()
              .with("Type", "tmpfs")
              .with("Source", "")
              .with("Destination", tmpfs.target())
              .with("Mode", "")
              .with("RW", !tmpfs.options().contains("ro"))
              .with("Propagation", "");
    };
  }

  private static String mode(NamespaceMode mode) {
    return switch (mode) {
      case NamespaceMode.Own _ -> "private";
      case NamespaceMode.Host _ -> "host";
      case NamespaceMode.Container(String reference) -> "container:" + reference;
    };
  }

  private static Struct config(String id, ContainerSpec spec) {
    Struct config =
        new Struct()
            .with("Hostname", spec.hostname().orElseGet(() -> hostname(id, spec)))
            .with("Domainname", spec.domainname().orElse(""))
            .with("User", spec.user().orElse(""))
            .with("Tty", spec.stdio().terminal())
            .with("OpenStdin", spec.stdio().openStdin())
            .with("StdinOnce", spec.stdio().stdinOnce())
            .with("Env", spec.env())
            .with("Cmd", orNull(spec.command()))
            .with("Image", spec.root().toString())
            .with("WorkingDir", spec.workingDirectory().orElse(""))
            .with("Entrypoint", orNull(spec.entrypoint().orElse(List.of())))
            .with("Labels", new TreeMap<>(spec.labels()));
    spec.networks()
        .map(ContainerInspection::exposed)
        .filter(it -> !it.isEmpty())
        .ifPresent(it -> config.with("ExposedPorts", it));
    spec.stopSignal().ifPresent(it -> config.with("StopSignal", it));
    spec.stopTimeoutSeconds().ifPresent(it -> config.with("StopTimeout", (long) it));
    spec.health().ifPresent(it -> config.with("Healthcheck", healthcheck(it)));
    return config;
  }

  private static Map<String, Struct> exposed(NetworkRequest request) {
    return Stream.concat(
            Port.listed(request.ports()),
            request.exposed().stream().flatMap(text -> Port.parse(text).stream()))
        .collect(Collectors.toMap(Port::inside, _ -> new Struct(), (one, _) -> one, TreeMap::new));
  }

  private static String hostname(String id, ContainerSpec spec) {
    return spec.uts() instanceof NamespaceMode.Host
        ? Uname.read().host()
        : io.kapsel.base.HexId.abbreviate(id);
  }

  /** Names of capabilities as Docker keeps them, whatever they were written like. */
  private static List<String> whole(List<String> capabilities) {
    return capabilities.stream()
        .map(it -> it.toUpperCase(Locale.ROOT))
        .map(it -> it.equals("ALL") || it.startsWith("CAP_") ? it : "CAP_" + it)
        .sorted()
        .toList();
  }

  private static Struct healthcheck(Healthcheck check) {
    Struct struct =
        new Struct().with("Test", check.probe().map(ContainerInspection::test).orElse(List.of()));
    struct
        .with("Interval", check.interval().orElse(Duration.ZERO))
        .with("StartInterval", check.startInterval().orElse(Duration.ZERO))
        .with("StartPeriod", check.startPeriod().orElse(Duration.ZERO))
        .with("Timeout", check.timeout().orElse(Duration.ZERO));
    check.retries().ifPresent(it -> struct.with("Retries", (long) it));
    if (check.restart()) {
      struct.with("OnUnhealthy", "restart");
    }
    return struct;
  }

  private static List<String> test(Healthcheck.Probe probe) {
    return switch (probe) {
      case Healthcheck.Probe.None() -> List.of("NONE");
      case Healthcheck.Probe.Command(List<String> words) ->
          words.size() == 3 && words.subList(0, 2).equals(List.of("/bin/sh", "-c"))
              ? List.of("CMD-SHELL", words.getLast())
              : java.util.stream.Stream.concat(java.util.stream.Stream.of("CMD"), words.stream())
                  .toList();
      case Healthcheck.Probe.Tcp(int port) -> List.of("TCP", Integer.toString(port));
      case Healthcheck.Probe.Http(int port, String path) ->
          List.of("HTTP", Integer.toString(port), path);
    };
  }
}
