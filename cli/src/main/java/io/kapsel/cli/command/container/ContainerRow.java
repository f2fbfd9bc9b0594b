package io.kapsel.cli.command.container;

import io.kapsel.base.ByteSize;
import io.kapsel.base.HexId;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.command.Times;
import io.kapsel.cli.command.network.ContainerNetworks;
import io.kapsel.cli.print.HumanTime;
import io.kapsel.cli.template.Method;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.HealthStatus;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A container as {@code ps} shows it, with the fields of Docker. */
public final class ContainerRow {
  private static final int COMMAND_COLUMNS = 20;
  private static final int MOUNT_COLUMNS = 15;

  private ContainerRow() {}

  /**
   * One row.
   *
   * @param whole whether nothing is cut off
   * @param sized whether it is measured how much room it takes
   */
  public static Struct of(Engine.Container it, Instant now, boolean whole, boolean sized) {
    ContainerStatus status = it.status();
    ContainerSpec spec = it.spec();
    Map<String, String> labels = new TreeMap<>(spec.labels());
    return new Struct()
        .with("ID", id(it, whole))
        .with("Names", it.name())
        .with("Image", spec.root().toString())
        .with("Command", command(spec, whole))
        .with("CreatedAt", Times.print(status.createdAt()))
        .with("RunningFor", HumanTime.ago(status.createdAt(), now))
        .with("Ports", ContainerNetworks.ports(it))
        .with("State", state(status))
        .with("Status", status(status, now))
        .with("Size", sized ? size(it) : "0B")
        .with(
            "Labels",
            labels.entrySet().stream().map(Object::toString).collect(Collectors.joining(",")))
        .with("Label", (Method) arguments -> labels.getOrDefault(arguments.getFirst(), ""))
        .with("Mounts", mounts(spec.mounts(), whole))
        .with("LocalVolumes", Long.toString(volumes(spec.mounts())))
        .with("Networks", String.join(",", ContainerNetworks.names(spec)));
  }

  static String id(Engine.Container it, boolean whole) {
    return whole ? it.id() : HexId.abbreviate(it.id());
  }

  private static String command(ContainerSpec spec, boolean whole) {
    String text =
        spec.arguments().stream()
            .map(word -> word.contains(" ") ? "'" + word + "'" : word)
            .collect(Collectors.joining(" "));
    return "\"" + Text.escape(whole ? text : cut(text, COMMAND_COLUMNS)) + "\"";
  }

  private static String cut(String text, int columns) {
    return text.codePointCount(0, text.length()) <= columns
        ? text
        : text.substring(0, text.offsetByCodePoints(0, columns - 1)) + "…";
  }

  private static String size(Engine.Container it) {
    Engine.Sizes sizes = it.sizes();
    return ByteSize.printDecimal(sizes.own())
        + " (virtual "
        + ByteSize.printDecimal(sizes.all())
        + ")";
  }

  private static String mounts(List<MountRequest> mounts, boolean whole) {
    return mounts.stream()
        .filter(each -> !(each instanceof MountRequest.Tmpfs))
        .map(ContainerRow::source)
        .map(text -> whole ? text : cut(text, MOUNT_COLUMNS))
        .collect(Collectors.joining(","));
  }

  private static String source(MountRequest mount) {
    return switch (mount) {
      case MountRequest.Bind bind -> bind.source().toString();
      case MountRequest.Volume volume -> volume.name();
      case MountRequest.Tmpfs _ -> "";
    };
  }

  private static long volumes(List<MountRequest> mounts) {
    return mounts.stream().filter(MountRequest.Volume.class::isInstance).count();
  }

  /** What a container is doing, in one of Docker's words. */
  public static String state(ContainerStatus status) {
    if (status.restarting()) {
      return "restarting";
    }
    return switch (status.phase()) {
      case CREATED -> "created";
      case RUNNING -> status.paused() ? "paused" : "running";
      case EXITED -> "exited";
      case REMOVING -> "removing";
    };
  }

  /** What a container is doing, for people. */
  static String status(ContainerStatus status, Instant now) {
    return switch (status.phase()) {
      case CREATED -> "Created";
      case REMOVING -> "Removal In Progress";
      case RUNNING ->
          "Up "
              + HumanTime.span(Duration.between(status.startedAt().orElse(now), now))
              + (status.paused()
                  ? " (Paused)"
                  : status.health().map(ContainerRow::health).orElse(""));
      case EXITED ->
          status
              .exit()
              .map(it ->
                  (status.restarting() ? "Restarting (" : "Exited (")
                      + it.code()
                      + ") "
                      + HumanTime.ago(it.finishedAt(), now))
              .orElse("Exited");
    };
  }

  private static String health(HealthStatus health) {
    return health.state() == HealthStatus.State.STARTING
        ? " (health: starting)"
        : " (" + health.state() + ")";
  }
}
