package io.kapsel.cli.command.system;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Formatted;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.container.StatsCommand;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.process.Uname;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** {@code kapsel info}: what there is on this engine and its machine. */
public final class InfoCommand implements Command {
  private static final Struct PLUGINS =
      new Struct()
          .with("Volume", List.of("local"))
          .with("Network", List.of("bridge", "cni", "host", "macvlan", "none"))
          .with("Log", List.of("journald", "json-file", "local", "none", "syslog"));

  private final Manual manual;

  public InfoCommand(String name) {
    this.manual =
        new Manual(
            name,
            "[OPTIONS]",
            "Display system-wide information",
            "kapsel doctor says what the machine lacks, and how to mend it.\n",
            FlagSet.of(Listing.FORMAT_F),
            Operands.NONE);
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    Struct info = info(call.engine());
    Optional<String> format = call.arguments().last(Listing.FORMAT_F);
    call.client().out(format.map(it -> Formatted.text(it, info)).orElseGet(() -> text(info)));
    return 0;
  }

  private static Struct info(Engine engine) {
    List<ContainerStatus> all = engine.containers().stream().map(Engine.Container::status).toList();
    Uname kernel = Uname.read();
    HostFacts facts = engine.facts();
    return new Struct()
        .with("Containers", (long) all.size())
        .with("ContainersRunning", count(all, it -> isRunning(it) && !it.paused()))
        .with("ContainersPaused", count(all, ContainerStatus::paused))
        .with("ContainersStopped", count(all, it -> !isRunning(it)))
        .with("Images", (long) engine.images().list().size())
        .with("Driver", "overlay")
        .with("LoggingDriver", engine.logDriver())
        .with("CgroupDriver", "cgroupfs")
        .with("CgroupVersion", facts.cgroups().mode() == CgroupHost.Mode.V2 ? "2" : "1")
        .with("MemoryLimit", facts.cgroups().has("memory"))
        .with("PidsLimit", facts.cgroups().has("pids"))
        .with("CpuCfsQuota", facts.cgroups().has("cpu"))
        .with("CPUSet", facts.cgroups().has("cpuset"))
        .with("KernelVersion", kernel.release())
        .with("OperatingSystem", release("PRETTY_NAME"))
        .with("OSVersion", release("VERSION_ID"))
        .with("OSType", "linux")
        .with("Architecture", kernel.machine())
        .with("NCPU", (long) facts.cpus())
        .with("MemTotal", StatsCommand.host())
        .with("Name", kernel.host())
        .with("KapselRootDir", engine.state().toString())
        .with("DockerRootDir", engine.state().toString())
        .with("ServerVersion", VersionCommand.version())
        .with("SystemTime", Instant.now().toString())
        .with("LiveRestoreEnabled", true)
        .with("Plugins", PLUGINS)
        .with("SecurityOptions", security(facts))
        .with("Warnings", List.of());
  }

  /** A field of os-release(5), without its quotes. */
  private static String release(String field) {
    for (String file : new String[] {"/etc/os-release", "/usr/lib/os-release"}) {
      try (Stream<String> lines = Files.lines(Path.of(file))) {
        return lines
            .filter(line -> line.startsWith(field + "="))
            .map(line -> line.substring(field.length() + 1).replaceAll("^[\"']|[\"']$", ""))
            .findFirst()
            .orElse("");
      } catch (IOException | UncheckedIOException _) {
        // the next one, or nothing that could be said
      }
    }
    return "";
  }

  private static List<String> security(HostFacts facts) {
    return facts.appArmor()
        ? List.of("name=apparmor", "name=seccomp,profile=builtin", "name=userns")
        : List.of("name=seccomp,profile=builtin", "name=userns");
  }

  private static boolean isRunning(ContainerStatus status) {
    return status.phase() == Phase.RUNNING;
  }

  private static long count(List<ContainerStatus> all, Predicate<ContainerStatus> which) {
    return all.stream().filter(which).count();
  }

  private static String value(@Nullable Object field) {
    return field instanceof List<?> all
        ? all.stream().map(String::valueOf).collect(Collectors.joining(" "))
        : String.valueOf(field);
  }

  private static String text(Struct info) {
    StringBuilder text = new StringBuilder("Client:\n Version: ");
    text.append(VersionCommand.version()).append("\n\nServer:\n");
    Map<String, String> titles = new java.util.LinkedHashMap<>();
    titles.put("Containers", "Containers");
    titles.put(" Running", "ContainersRunning");
    titles.put(" Paused", "ContainersPaused");
    titles.put(" Stopped", "ContainersStopped");
    titles.put("Images", "Images");
    titles.put("Server Version", "ServerVersion");
    titles.put("Storage Driver", "Driver");
    titles.put("Logging Driver", "LoggingDriver");
    titles.put("Cgroup Driver", "CgroupDriver");
    titles.put("Cgroup Version", "CgroupVersion");
    titles.put("Kernel Version", "KernelVersion");
    titles.put("Operating System", "OperatingSystem");
    titles.put("OSType", "OSType");
    titles.put("Architecture", "Architecture");
    titles.put("CPUs", "NCPU");
    titles.put("Name", "Name");
    titles.put("Kapsel Root Dir", "KapselRootDir");
    titles.put("Security Options", "SecurityOptions");
    titles.forEach((title, field) ->
        text.append(' ').append(title).append(": ").append(value(info.get(field))).append('\n'));
    text.append(" Total Memory: ")
        .append(ByteSize.printBinary((Long) info.getOrDefault("MemTotal", 0L)))
        .append('\n');
    return text.toString();
  }
}
