package io.kapsel.cli.command;

import io.kapsel.base.Json;
import io.kapsel.base.JsonName;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.Images;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.image.ImageException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** {@code kapsel inspect}: all that is known of containers, as JSON with the keys of Docker. */
final class InspectCommand implements Command {
  private static final Flag<String> FORMAT =
      Flag.text('f', "format", "string", "json: everything on one line");
  private static final Manual MANUAL =
      new Manual(
          "inspect",
          "[OPTIONS] NAME [NAME...]",
          "Show everything about containers and images as JSON",
          "",
          FlagSet.of(FORMAT),
          Operands.SOME);

  private record Inspection(
      @JsonName("Id") String id,
      @JsonName("Created") String created,
      @JsonName("Path") String path,
      @JsonName("Args") List<String> arguments,
      @JsonName("State") State state,
      @JsonName("Image") String image,
      @JsonName("Name") String name,
      @JsonName("HostConfig") HostConfig host,
      @JsonName("Config") Config config) {}

  private record State(
      @JsonName("Status") String status,
      @JsonName("Running") boolean running,
      @JsonName("OOMKilled") boolean oomKilled,
      @JsonName("Pid") int pid,
      @JsonName("MonitorPid") int monitorPid,
      @JsonName("ExitCode") int exitCode,
      @JsonName("Error") String error,
      @JsonName("StartedAt") Optional<String> startedAt,
      @JsonName("FinishedAt") Optional<String> finishedAt) {}

  private record HostConfig(
      @JsonName("AutoRemove") boolean autoRemove,
      @JsonName("Privileged") boolean privileged,
      @JsonName("ReadonlyRootfs") boolean readOnly,
      @JsonName("Init") boolean init,
      @JsonName("Memory") Optional<Long> memory,
      @JsonName("MemorySwap") Optional<Long> memorySwap,
      @JsonName("MemoryReservation") Optional<Long> memoryReservation,
      @JsonName("NanoCpus") Optional<Long> nanoCpus,
      @JsonName("CpuShares") Optional<Long> cpuShares,
      @JsonName("CpuPeriod") Optional<Long> cpuPeriod,
      @JsonName("CpuQuota") Optional<Long> cpuQuota,
      @JsonName("CpusetCpus") Optional<String> cpusetCpus,
      @JsonName("CpusetMems") Optional<String> cpusetMems,
      @JsonName("PidsLimit") Optional<Long> pids,
      @JsonName("ShmSize") Optional<Long> shmSize,
      @JsonName("OomScoreAdj") Optional<Integer> oomScoreAdj,
      @JsonName("CapAdd") List<String> capAdd,
      @JsonName("CapDrop") List<String> capDrop,
      @JsonName("Mounts") List<String> mounts,
      @JsonName("Sysctls") Map<String, String> sysctls,
      @JsonName("NetworkMode") String network,
      @JsonName("IpcMode") String ipc,
      @JsonName("PidMode") String pid,
      @JsonName("UTSMode") String uts,
      @JsonName("UsernsMode") String userns,
      @JsonName("CgroupnsMode") String cgroupns) {}

  private record Config(
      @JsonName("Hostname") Optional<String> hostname,
      @JsonName("User") Optional<String> user,
      @JsonName("Tty") boolean tty,
      @JsonName("OpenStdin") boolean openStdin,
      @JsonName("StdinOnce") boolean stdinOnce,
      @JsonName("Env") List<String> env,
      @JsonName("Cmd") List<String> command,
      @JsonName("Entrypoint") List<String> entrypoint,
      @JsonName("WorkingDir") Optional<String> workingDirectory,
      @JsonName("Labels") Map<String, String> labels,
      @JsonName("StopSignal") Optional<String> stopSignal,
      @JsonName("StopTimeout") Optional<Integer> stopTimeout) {}

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<String> format = call.arguments().last(FORMAT);
    if (format.filter(it -> !it.equals("json")).isPresent()) {
      throw new CommandException(1, "--format knows only 'json', not '" + format.get() + "'");
    }
    List<Object> found = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (String reference : call.operands()) {
      try {
        found.add(find(call, reference));
      } catch (EngineException | ImageException e) {
        missing.add(String.valueOf(e.getMessage()));
      }
    }
    call.client().out(format.isPresent() ? dense(found) : printed(found));
    missing.forEach(call::complain);
    return missing.isEmpty() ? 0 : 1;
  }

  /** A container, or an image when there is none of that name. */
  private static Object find(Call call, String reference) {
    try {
      return inspection(call.engine().container(reference));
    } catch (EngineException.NotFound e) {
      Images images = call.engine().images();
      return images
          .find(reference)
          .<Object>map(image -> ImageInspection.of(image, images.store().layers().all()))
          .orElseThrow(() -> e);
    }
  }

  private static String dense(List<Object> found) {
    return found.stream()
            .map(it -> new String(Json.write(it), StandardCharsets.UTF_8))
            .collect(java.util.stream.Collectors.joining(",", "[", "]"))
        + "\n";
  }

  private static String printed(List<Object> found) {
    if (found.isEmpty()) {
      return "[]\n";
    }
    return found.stream()
            .map(it -> Json.print(it).indent(2).stripTrailing())
            .collect(java.util.stream.Collectors.joining(",\n", "[\n", "\n]"))
        + "\n";
  }

  private static Inspection inspection(Engine.Container it) {
    ContainerSpec spec = it.spec();
    List<String> words = spec.arguments();
    return new Inspection(
        it.id(),
        it.status().createdAt().toString(),
        words.isEmpty() ? "" : words.getFirst(),
        words.isEmpty() ? List.of() : words.subList(1, words.size()),
        state(it.status()),
        spec.root().toString(),
        it.name(),
        host(spec),
        config(spec));
  }

  private static State state(ContainerStatus status) {
    return new State(
        ListCommand.state(status.phase()),
        status.phase() == Phase.RUNNING,
        status.exit().map(ExitStatus::oomKilled).orElse(false),
        status.pid().orElse(0),
        status.monitorPid().orElse(0),
        status.exit().map(ExitStatus::code).orElse(0),
        status.error().orElse(""),
        status.startedAt().map(Object::toString),
        status.exit().map(it -> it.finishedAt().toString()));
  }

  private static HostConfig host(ContainerSpec spec) {
    Limits limits = spec.limits();
    return new HostConfig(
        spec.autoRemove(),
        spec.privileged(),
        spec.readOnly(),
        spec.init(),
        limits.memory(),
        limits.memorySwap(),
        limits.memoryReservation(),
        limits.nanoCpus(),
        limits.cpuShares(),
        limits.cpuPeriod(),
        limits.cpuQuota(),
        limits.cpusetCpus(),
        limits.cpusetMems(),
        limits.pids(),
        spec.shmSize(),
        spec.oomScoreAdj(),
        spec.capAdd(),
        spec.capDrop(),
        spec.mounts().stream().map(Object::toString).toList(),
        new TreeMap<>(spec.sysctls()),
        spec.network() instanceof NamespaceMode.Own ? "none" : mode(spec.network()),
        mode(spec.ipc()),
        mode(spec.pid()),
        mode(spec.uts()),
        mode(spec.userns()),
        mode(spec.cgroupns()));
  }

  private static String mode(NamespaceMode mode) {
    return switch (mode) {
      case NamespaceMode.Own _ -> "private";
      case NamespaceMode.Host _ -> "host";
      case NamespaceMode.Container(String reference) -> "container:" + reference;
    };
  }

  private static Config config(ContainerSpec spec) {
    return new Config(
        spec.hostname(),
        spec.user(),
        spec.stdio().terminal(),
        spec.stdio().openStdin(),
        spec.stdio().stdinOnce(),
        spec.env(),
        spec.command(),
        spec.entrypoint().orElse(List.of()),
        spec.workingDirectory(),
        new TreeMap<>(spec.labels()),
        spec.stopSignal(),
        spec.stopTimeoutSeconds());
  }
}
