package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Confirmation;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Times;
import io.kapsel.cli.command.spec.NetworkFlags;
import io.kapsel.cli.command.spec.RunFlags;
import io.kapsel.cli.command.spec.SpecReader;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.spec.CareChange;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.RestartPolicy;
import io.kapsel.engine.spec.UpdateRequest;
import io.kapsel.network.Port;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** {@code kapsel update}: makes something else of containers that are there. */
public final class UpdateCommand implements Command {
  private static final Flag<RestartPolicy> RESTART =
      Flag.of(
          "restart",
          "string",
          "Restart policy: no, on-failure[:n], always, unless-stopped",
          RestartPolicy::parse);
  private static final Flag<String> ENV =
      Flag.text(
          'e', "env-add", "list", "Set an environment variable: NAME=value, or NAME for yours");
  private static final Flag<String> NO_ENV =
      Flag.text("env-rm", "list", "Take an environment variable away");
  private static final Flag<String> LABEL =
      Flag.text('l', "label-add", "list", "Set a label: KEY=value");
  private static final Flag<String> NO_LABEL =
      Flag.text("label-rm", "list", "Take the label of this key away");
  private static final Flag<String> VOLUME =
      Flag.text('v', "volume-add", "list", "Bind a path or mount a volume: SOURCE:TARGET[:ro,…]");
  private static final Flag<String> MOUNT =
      Flag.text(
          "mount-add", "mount", "Attach a file system: type=bind|tmpfs|volume,source=…,target=…");
  private static final Flag<String> NO_MOUNT =
      Flag.text("mount-rm", "list", "Take the mount with this target away");
  private static final Flag<String> PUBLISH =
      Flag.text('p', "publish-add", "list", "Offer a port: [[IP:]PORT:]PORT[/tcp|udp|sctp]");
  private static final Flag<String> NO_PUBLISH =
      Flag.text("publish-rm", "list", "Offer this port of the container no longer: PORT[/tcp|udp]");
  private static final Flag<Duration> SNAPSHOT_EVERY =
      Flag.of(
          "snapshot-every",
          "duration",
          "Keep it as it is that often while it runs, such as 24h; 0 for no more",
          text -> text.equals("0") ? Duration.ZERO : Times.duration(text));
  private static final Flag<Boolean> ROLLBACK =
      Flag.toggle("rollback", "Bring back what it was before the last update");
  private static final Flag<Boolean> YES =
      Flag.toggle('y', "yes", "Start it anew where that must be, without asking");
  private static final Manual MANUAL =
      new Manual(
          "update",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Update configuration of one or more containers",
          """
          Limits, ports, labels, mounts and the policy of what runs take effect at once.
          For another environment, for mounts that only a start can make, and to take a
          limit away, it is started anew on the same files, which is told before.
          """,
          FlagSet.of(
              RunFlags.MEMORY,
              RunFlags.MEMORY_SWAP,
              RunFlags.MEMORY_RESERVATION,
              RunFlags.CPUS,
              RunFlags.CPU_SHARES,
              RunFlags.CPU_PERIOD,
              RunFlags.CPU_QUOTA,
              RunFlags.CPU_SET,
              RunFlags.MEMORY_NODES,
              RunFlags.PIDS,
              RESTART,
              RunFlags.START_ORDER,
              RunFlags.START_DELAY,
              SNAPSHOT_EVERY,
              RunFlags.SNAPSHOT_KEEP,
              ENV,
              NO_ENV,
              LABEL,
              NO_LABEL,
              VOLUME,
              MOUNT,
              NO_MOUNT,
              PUBLISH,
              NO_PUBLISH,
              ROLLBACK,
              YES),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    UpdateRequest request = NetworkFlags.checked(() -> request(call));
    boolean rollback = call.arguments().is(ROLLBACK);
    if (request.isEmpty() && !rollback) {
      throw new CommandException(1, "you must provide one or more flags when using this command");
    }
    if (rollback && !request.isEmpty()) {
      throw new CommandException(1, "--rollback brings back what was: nothing else can be updated");
    }
    return call.forEach(container -> {
      boolean mayStart = mayStart(call, container, request, rollback);
      var _ =
          call.client()
              .waiting(() -> {
                if (rollback) {
                  container.rollback(mayStart);
                } else {
                  container.update(request, mayStart);
                }
                return container;
              });
    });
  }

  private static UpdateRequest request(Call call) {
    Arguments arguments = call.arguments();
    Path directory = call.request().directory();
    List<MountRequest> mounts = new ArrayList<>();
    arguments.all(VOLUME).forEach(it -> mounts.add(MountRequest.parseVolume(it, directory)));
    arguments.all(MOUNT).forEach(it -> mounts.add(MountRequest.parseMount(it, directory)));
    return new UpdateRequest(
        SpecReader.limits(arguments),
        arguments.last(RESTART),
        SpecReader.environment(List.of(), arguments.all(ENV), call.request()),
        arguments.all(NO_ENV),
        SpecReader.pairs(arguments.all(LABEL)),
        arguments.all(NO_LABEL),
        mounts,
        arguments.all(NO_MOUNT),
        ports(arguments.all(PUBLISH)),
        ports(arguments.all(NO_PUBLISH)),
        new CareChange(
            arguments.last(RunFlags.START_ORDER),
            arguments.last(RunFlags.START_DELAY),
            arguments.last(SNAPSHOT_EVERY).map(Duration::toSeconds),
            arguments.last(RunFlags.SNAPSHOT_KEEP).map(Duration::toSeconds)));
  }

  private static List<Port> ports(List<String> texts) {
    return texts.stream().flatMap(it -> Port.parse(it).stream()).toList();
  }

  /** A new start is told before, and is nothing that happens to anybody unasked. */
  private static boolean mayStart(
      Call call, Engine.Container container, UpdateRequest request, boolean rollback) {
    if (call.arguments().is(YES) || container.status().phase() != Phase.RUNNING) {
      return true;
    }
    ContainerSpec before = container.spec();
    ContainerSpec after =
        rollback ? container.specBefore().orElse(before) : request.applyTo(before);
    List<String> parts = UpdateRequest.needStart(before, after);
    if (parts.isEmpty()) {
      return false;
    }
    String why =
        "'%s' has to be started anew, on the same files, for its %s"
            .formatted(container.name(), String.join(" and ", parts));
    if (!call.request().terminals().stdin()) {
      throw new EngineException.Conflict(
          "update", container.name(), why + "; say --yes if that is meant");
    }
    if (!Confirmation.agreed(call, why + ".\nAre you sure you want to continue? [y/N] ")) {
      throw new EngineException.Conflict("update", container.name(), "it stays as it is");
    }
    return true;
  }
}
