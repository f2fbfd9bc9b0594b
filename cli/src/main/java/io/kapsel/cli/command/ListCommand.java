package io.kapsel.cli.command;

import io.kapsel.base.HexId;
import io.kapsel.base.Json;
import io.kapsel.base.JsonName;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import io.kapsel.cli.print.HumanTime;
import io.kapsel.cli.print.Table;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.ContainerStatus.Phase;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** {@code kapsel ps}: which containers there are. */
final class ListCommand implements Command {
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all", "Show all containers, not only those that run");
  private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Show only ids");
  private static final Flag<Boolean> WHOLE = Flag.toggle("no-trunc", "Show whole ids and commands");
  private static final Flag<Boolean> LATEST =
      Flag.toggle('l', "latest", "Show the newest container, whatever it does");
  private static final Flag<Long> LAST =
      Flag.of("last", "int", "Show the n newest containers, whatever they do", Values::integer)
          .shorthand('n');
  private static final Flag<Predicate<Engine.Container>> FILTER =
      Flag.of(
              "filter",
              "filter",
              "Show only containers with this name=, id=, status=, label=, exited= or ancestor=",
              ContainerFilter::parse)
          .shorthand('f');
  private static final Flag<String> FORMAT =
      Flag.text("format", "string", "table (default), or json: one object a line");
  private static final int COMMAND_COLUMNS = 20;
  private static final Manual MANUAL =
      new Manual(
          "ps",
          "[OPTIONS]",
          "List containers",
          "",
          FlagSet.of(ALL, QUIET, WHOLE, LATEST, LAST, FILTER, FORMAT),
          Operands.NONE);

  private final Clock clock;

  ListCommand(Clock clock) {
    this.clock = clock;
  }

  /** A line of {@code --format json}, with the keys of Docker. */
  private record Line(
      @JsonName("ID") String id,
      @JsonName("Image") String image,
      @JsonName("Command") String command,
      @JsonName("CreatedAt") String createdAt,
      @JsonName("RunningFor") String runningFor,
      @JsonName("State") String state,
      @JsonName("Status") String status,
      @JsonName("Ports") String ports,
      @JsonName("Labels") String labels,
      @JsonName("Names") String names) {}

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    String format = call.arguments().last(FORMAT).orElse("table");
    if (!format.equals("table") && !format.equals("json")) {
      throw new CommandException(1, "--format knows 'table' and 'json', not '" + format + "'");
    }
    boolean whole = call.arguments().is(WHOLE);
    List<Engine.Container> chosen = choose(call);
    if (call.arguments().is(QUIET)) {
      chosen.forEach(it -> call.print(id(it, whole)));
    } else if (format.equals("json")) {
      chosen.forEach(it -> call.print(json(it, whole)));
    } else {
      call.client().out(table(chosen, whole));
    }
    return 0;
  }

  private static List<Engine.Container> choose(Call call) {
    List<Predicate<Engine.Container>> filters = call.arguments().all(FILTER);
    long most = call.arguments().is(LATEST) ? 1 : call.arguments().last(LAST).orElse(-1L);
    boolean all = call.arguments().is(ALL) || most >= 0 || ContainerFilter.asksForStatus(filters);
    return call.engine().containers().stream()
        .filter(it -> all || it.status().phase() == Phase.RUNNING)
        .filter(it -> filters.stream().allMatch(filter -> filter.test(it)))
        .limit(most < 0 ? Long.MAX_VALUE : most)
        .toList();
  }

  private String table(List<Engine.Container> containers, boolean whole) {
    Table table =
        new Table("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES");
    Instant now = clock.instant();
    for (Engine.Container it : containers) {
      ContainerStatus status = it.status();
      table.row(
          id(it, whole),
          it.spec().root().toString(),
          command(it, whole),
          HumanTime.ago(status.createdAt(), now),
          status(status, now),
          "",
          it.name());
    }
    return table.text();
  }

  private String json(Engine.Container it, boolean whole) {
    Instant now = clock.instant();
    ContainerStatus status = it.status();
    Map<String, String> labels = new TreeMap<>(it.spec().labels());
    Line line =
        new Line(
            id(it, whole),
            it.spec().root().toString(),
            command(it, whole),
            status.createdAt().toString(),
            HumanTime.ago(status.createdAt(), now),
            state(status.phase()),
            status(status, now),
            "",
            labels.entrySet().stream().map(Object::toString).collect(Collectors.joining(",")),
            it.name());
    return new String(Json.write(line), StandardCharsets.UTF_8);
  }

  private static String id(Engine.Container it, boolean whole) {
    return whole ? it.id() : HexId.abbreviate(it.id());
  }

  private static String command(Engine.Container it, boolean whole) {
    String text =
        it.spec().arguments().stream()
            .map(word -> word.contains(" ") ? "'" + word + "'" : word)
            .collect(Collectors.joining(" "));
    int length = text.codePointCount(0, text.length());
    if (!whole && length > COMMAND_COLUMNS) {
      text = text.substring(0, text.offsetByCodePoints(0, COMMAND_COLUMNS - 1)) + "…";
    }
    return "\"" + Text.escape(text) + "\"";
  }

  /** A phase in Docker's words. */
  static String state(Phase phase) {
    return switch (phase) {
      case CREATED -> "created";
      case RUNNING -> "running";
      case EXITED -> "exited";
      case REMOVING -> "removing";
    };
  }

  /** What a container is doing, for people. */
  static String status(ContainerStatus status, Instant now) {
    return switch (status.phase()) {
      case CREATED -> "Created";
      case REMOVING -> "Removal In Progress";
      case RUNNING -> "Up " + HumanTime.span(Duration.between(status.startedAt().orElse(now), now));
      case EXITED ->
          status
              .exit()
              .map(it -> "Exited (" + it.code() + ") " + HumanTime.ago(it.finishedAt(), now))
              .orElse("Exited");
    };
  }
}
