package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.GroupCommand;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.print.HumanTime;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.Checkpoint;
import io.kapsel.engine.CheckpointRequest;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code kapsel checkpoint} and what stands below it. */
public final class CheckpointCommands {
  /** Where checkpoints are; absent: with their container. */
  static final Flag<String> DIRECTORY =
      Flag.text("checkpoint-dir", "string", "Where checkpoints are (default: with the container)");

  private CheckpointCommands() {}

  /** The commands, under their word. */
  public static Command group(Clock clock) {
    Map<String, Command> all = new LinkedHashMap<>();
    all.put("create", new Create());
    all.put("ls", new Listed(clock));
    all.put("rm", new Remove());
    return new GroupCommand("checkpoint", "Freeze containers into files", all);
  }

  static Optional<Path> directory(Call call) {
    return call.arguments()
        .last(DIRECTORY)
        .map(path -> call.request().directory().resolve(path).normalize());
  }

  private static final class Create implements Command {
    private static final Flag<Boolean> LEAVE_RUNNING =
        Flag.toggle("leave-running", "Let the container go on");
    private static final Flag<Boolean> CONNECTIONS =
        Flag.toggle("tcp-established", "Keep its connections of TCP; else it may have none");
    private static final Flag<Boolean> LOCKS =
        Flag.toggle("file-locks", "Keep its locks of files; else it may have none");
    private static final Manual MANUAL =
        new Manual(
            "checkpoint create",
            "[OPTIONS] CONTAINER CHECKPOINT",
            "Freeze a running container into files, and stop it",
            """
            Its processes and their memory are in the files then, and
            'kapsel start --checkpoint CHECKPOINT CONTAINER' lets them go on. What is in its
            file system stays there. CRIU does it, which must be installed and fit the
            kernel: 'kapsel doctor' says whether it does. What CRIU cannot do leaves the
            container running.
            """,
            FlagSet.of(DIRECTORY, LEAVE_RUNNING, CONNECTIONS, LOCKS),
            new Operands(2, 2));

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      CheckpointRequest request =
          new CheckpointRequest(
              call.operands().getLast(),
              directory(call),
              call.arguments().is(LEAVE_RUNNING),
              call.arguments().is(CONNECTIONS),
              call.arguments().is(LOCKS));
      Engine.Container container = call.engine().container(call.operands().getFirst());
      Checkpoint made = call.client().waiting(() -> container.checkpoints().create(request));
      call.print(made.name());
      return 0;
    }
  }

  private static final class Listed implements Command {
    private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Show only names");
    private static final Manual MANUAL =
        new Manual(
            "checkpoint ls",
            "[OPTIONS] CONTAINER",
            "List the checkpoints of a container",
            "",
            FlagSet.of(DIRECTORY, QUIET, Listing.FORMAT),
            Operands.ONE);
    private static final Listing LISTING =
        new Listing(
            List.of(".Name", ".Created"),
            Map.of(
                "Name", "CHECKPOINT NAME",
                "Created", "CREATED",
                "CreatedAt", "CREATED AT",
                "Container", "CONTAINER"));

    private final Clock clock;

    private Listed(Clock clock) {
      this.clock = clock;
    }

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      Engine.Container container = call.engine().container(call.operands().getFirst());
      List<Struct> rows = new ArrayList<>();
      for (Checkpoint each : container.checkpoints().list(directory(call))) {
        rows.add(
            new Struct()
                .with("Name", each.name())
                .with("Created", HumanTime.ago(each.createdAt(), clock.instant()))
                .with("CreatedAt", each.createdAt().toString())
                .with("Container", each.container()));
      }
      Optional<String> format = call.arguments().last(Listing.FORMAT);
      if (call.arguments().is(QUIET) && format.isEmpty()) {
        rows.forEach(row -> call.print(String.valueOf(row.get("Name"))));
      } else {
        LISTING.print(call, format, rows);
      }
      return 0;
    }
  }

  private static final class Remove implements Command {
    private static final Manual MANUAL =
        new Manual(
            "checkpoint rm",
            "[OPTIONS] CONTAINER CHECKPOINT [CHECKPOINT...]",
            "Remove one or more checkpoints of a container",
            "",
            FlagSet.of(DIRECTORY),
            Operands.atLeast(2));

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      List<String> words = call.operands();
      Engine.Container container = call.engine().container(words.getFirst());
      for (String name : words.subList(1, words.size())) {
        container.checkpoints().remove(name, directory(call));
        call.print(name);
      }
      return 0;
    }
  }
}
