package io.kapsel.cli.command;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.process.Uname;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** {@code kapsel info}: what there is on this engine and its machine. */
final class InfoCommand implements Command {
  private final Manual manual;

  InfoCommand(String name) {
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
        .with("CgroupVersion", facts.cgroups().mode() == CgroupHost.Mode.V2 ? "2" : "1")
        .with("KernelVersion", kernel.release())
        .with("OSType", "linux")
        .with("Architecture", kernel.machine())
        .with("NCPU", (long) facts.cpus())
        .with("MemTotal", StatsCommand.host())
        .with("Name", kernel.host())
        .with("KapselRootDir", engine.state().toString())
        .with("DockerRootDir", engine.state().toString())
        .with("ServerVersion", VersionCommand.version())
        .with("SecurityOptions", security(facts));
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

  private static String text(Struct info) {
    StringBuilder text = new StringBuilder();
    Map<String, String> titles = new java.util.LinkedHashMap<>();
    titles.put("Containers", "Containers");
    titles.put(" Running", "ContainersRunning");
    titles.put(" Paused", "ContainersPaused");
    titles.put(" Stopped", "ContainersStopped");
    titles.put("Images", "Images");
    titles.put("Server Version", "ServerVersion");
    titles.put("Storage Driver", "Driver");
    titles.put("Cgroup Version", "CgroupVersion");
    titles.put("Kernel Version", "KernelVersion");
    titles.put("OSType", "OSType");
    titles.put("Architecture", "Architecture");
    titles.put("CPUs", "NCPU");
    titles.put("Name", "Name");
    titles.put("Kapsel Root Dir", "KapselRootDir");
    titles.forEach(
        (title, field) -> text.append(title).append(": ").append(info.get(field)).append('\n'));
    text.append("Total Memory: ")
        .append(ByteSize.printBinary((Long) info.getOrDefault("MemTotal", 0L)))
        .append('\n');
    return text.toString();
  }
}
