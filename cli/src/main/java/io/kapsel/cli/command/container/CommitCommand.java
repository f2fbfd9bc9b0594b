package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.image.ImageChanges;
import io.kapsel.cli.command.image.ImageSource;
import io.kapsel.cli.command.image.ImportCommand;
import io.kapsel.cli.command.image.SaveCommand;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.Commit;
import io.kapsel.image.Image;
import io.kapsel.oci.image.MediaTypes.Compression;
import io.kapsel.oci.image.Reference;
import java.util.List;
import java.util.Optional;

/** {@code kapsel commit}: an image of what a container has changed. */
public final class CommitCommand implements Command {
  private static final Flag<String> AUTHOR = Flag.text('a', "author", "string", "Who made it");
  private static final Flag<Boolean> PAUSE =
      Flag.toggle('p', "pause", "Pause the container meanwhile (default true)");
  private static final Flag<Boolean> NO_PAUSE =
      Flag.toggle("no-pause", "Let the container go on meanwhile");
  private static final Manual MANUAL =
      new Manual(
          "commit",
          "[OPTIONS] CONTAINER [NAME[:TAG]]",
          "Make an image of what a container has changed",
          """
          A running container is paused meanwhile. With --no-pause it goes on, and a
          file that is being written may be caught half-way.
          """,
          FlagSet.of(
              AUTHOR,
              PAUSE,
              NO_PAUSE,
              ImportCommand.CHANGE,
              SaveCommand.COMPRESSION,
              ImportCommand.MESSAGE),
          new Operands(1, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<Reference> name =
        call.operands().size() < 2
            ? Optional.empty()
            : Optional.of(ImageSource.reference(call.operands().getLast()));
    List<String> changes = call.arguments().all(ImportCommand.CHANGE);
    Image image =
        call.engine()
            .container(call.operands().getFirst())
            .commit(
                new Commit(
                    name,
                    call.arguments().last(AUTHOR),
                    call.arguments().last(ImportCommand.MESSAGE).orElse(""),
                    call.arguments().last(PAUSE).orElse(true) && !call.arguments().is(NO_PAUSE),
                    call.arguments().last(SaveCommand.COMPRESSION).orElse(Compression.GZIP),
                    execution -> ImageChanges.apply(changes, execution)));
    call.print(image.id().toString());
    return 0;
  }
}
