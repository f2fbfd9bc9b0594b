package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.print.HumanTime;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.Snapshot;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code kapsel snapshot ls}: which snapshots there are. */
final class SnapshotListCommand implements Command {
  private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Show only names");
  private static final Manual MANUAL =
      new Manual(
          "snapshot ls",
          "[OPTIONS] [CONTAINER]",
          "List the snapshots of a container, or of all",
          "",
          FlagSet.of(QUIET, Listing.FORMAT),
          new Operands(0, 1));
  private static final Listing LISTING =
      new Listing(
          List.of(".Container", ".Name", ".Created", ".Expires", ".Comment"),
          Map.of(
              "Container", "CONTAINER",
              "Name", "NAME",
              "Created", "CREATED",
              "CreatedAt", "CREATED AT",
              "Expires", "EXPIRES",
              "ExpiresAt", "EXPIRES AT",
              "Comment", "COMMENT"));

  private final Clock clock;

  SnapshotListCommand(Clock clock) {
    this.clock = clock;
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    List<Struct> rows = new ArrayList<>();
    for (Engine.Container container : call.namedOrAll()) {
      for (Snapshot snapshot : container.snapshots().list()) {
        rows.add(row(container.name(), snapshot, clock.instant()));
      }
    }
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    if (call.arguments().is(QUIET) && format.isEmpty()) {
      rows.forEach(row -> call.print(String.valueOf(row.get("Name"))));
    } else {
      LISTING.print(call, format, rows);
    }
    return 0;
  }

  private static Struct row(String container, Snapshot snapshot, Instant now) {
    Optional<Instant> end = snapshot.expiresAt();
    return new Struct()
        .with("Container", container)
        .with("Name", snapshot.name())
        .with("Created", HumanTime.ago(snapshot.createdAt(), now))
        .with("CreatedAt", snapshot.createdAt().toString())
        .with(
            "Expires", end.map(it -> "in " + HumanTime.span(Duration.between(now, it))).orElse(""))
        .with("ExpiresAt", end.map(Instant::toString).orElse(""))
        .with("Comment", snapshot.comment());
  }
}
