package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.Snapshots;
import java.util.List;

/** {@code kapsel snapshot rm} and {@code kapsel restore}. */
final class SnapshotChangeCommand implements Command {
  /** What is done with a snapshot of that name. */
  @FunctionalInterface
  private interface Action {
    void on(Snapshots all, String name) throws InterruptedException;
  }

  private final Manual manual;
  private final Action action;

  private SnapshotChangeCommand(Manual manual, Action action) {
    this.manual = manual;
    this.action = action;
  }

  static Command remove() {
    return new SnapshotChangeCommand(
        new Manual(
            "snapshot rm",
            "CONTAINER SNAPSHOT [SNAPSHOT...]",
            "Remove one or more snapshots of a container",
            "",
            FlagSet.of(),
            Operands.atLeast(2)),
        Snapshots::remove);
  }

  static Command restore() {
    return new SnapshotChangeCommand(
        new Manual(
            "restore",
            "CONTAINER SNAPSHOT",
            "Make a container what it was at a snapshot",
            """
            What it has written since then is lost. One that runs is stopped, and started
            again. Its name, its volumes and its snapshots stay.
            """,
            FlagSet.of(),
            new Operands(2, 2)),
        Snapshots::restore);
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    List<String> words = call.operands();
    Snapshots snapshots = call.engine().container(words.getFirst()).snapshots();
    for (String name : words.subList(1, words.size())) {
      var _ =
          call.client()
              .waiting(() -> {
                action.on(snapshots, name);
                return true;
              });
      call.print(name);
    }
    return 0;
  }
}
