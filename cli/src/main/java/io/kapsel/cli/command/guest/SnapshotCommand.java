package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Times;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.Snapshot;
import java.time.Duration;
import java.util.Optional;

/** {@code kapsel snapshot}: keeps a container as it is now. */
final class SnapshotCommand implements Command {
  private static final Flag<String> COMMENT =
      Flag.text('c', "comment", "string", "What to remember of it");
  private static final Flag<Duration> KEEP =
      Flag.of("keep", "duration", "Remove it after that long, such as 72h", Times::duration);

  private final Manual manual;

  SnapshotCommand(String name) {
    manual =
        new Manual(
            name,
            "[OPTIONS] CONTAINER [SNAPSHOT]",
            "Keep a container as it is now",
            """
            Prints the snapshot's name: snap0, snap1 and so on where none is given. A
            container that runs stands still as long as that takes: what it has written
            since its last snapshot is copied then. One that is stopped is kept at once.
            What is in memory, in volumes and in bind mounts is no part of it.
            """,
            FlagSet.of(COMMENT, KEEP),
            new Operands(1, 2));
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    Optional<String> name =
        call.operands().size() < 2 ? Optional.empty() : Optional.of(call.operands().getLast());
    Snapshot made =
        call.engine()
            .container(call.operands().getFirst())
            .snapshots()
            .take(name, call.arguments().last(COMMENT).orElse(""), call.arguments().last(KEEP));
    call.print(made.name());
    return 0;
  }
}
