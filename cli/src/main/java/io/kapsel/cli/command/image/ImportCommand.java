package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.Image;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Reference;
import java.nio.file.Path;
import java.util.Optional;

/** {@code kapsel import}: an image from the archive of a root file system. */
public final class ImportCommand implements Command {
  public static final Flag<String> CHANGE =
      Flag.text(
          'c',
          "change",
          "list",
          "Set CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, … as in a Dockerfile");
  public static final Flag<String> MESSAGE =
      Flag.text('m', "message", "string", "Remark for the image's history");
  private static final Flag<Boolean> WHOLE =
      Flag.toggle("whole", "Make a container from an archive of 'kapsel export --whole'");
  private static final Flag<Boolean> TRUST =
      Flag.toggle("trust", "Give such a container what it asks of the host");
  private static final Manual MANUAL =
      new Manual(
          "import",
          "[OPTIONS] FILE|- [NAME[:TAG]]",
          "Make an image from the archive of a root file system",
          """
          The archive is a tar, plain or packed with gzip, zstd or xz. With --whole it
          becomes a container with that name, or the one that it had.
          """,
          FlagSet.of(CHANGE, MESSAGE, ImageSource.PLATFORM, WHOLE, TRUST),
          new Operands(1, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  private static int whole(Call call, String file) {
    if (!call.arguments().all(CHANGE).isEmpty()
        || call.arguments().last(MESSAGE).isPresent()
        || call.arguments().last(ImageSource.PLATFORM).isPresent()) {
      throw new CommandException(
          1, "--whole makes a container as it was: without --change, --message and --platform");
    }
    Optional<String> name =
        call.operands().size() < 2 ? Optional.empty() : Optional.of(call.operands().getLast());
    Engine.Container made =
        LoadCommand.read(
            call,
            path(call, file),
            in -> call.engine().imported(in, name, call.arguments().is(TRUST)));
    call.print(made.name());
    return 0;
  }

  private static Optional<Path> path(Call call, String file) {
    return file.equals("-") ? Optional.empty() : Optional.of(call.request().path(Path.of(file)));
  }

  @Override
  public int run(Call call) {
    String file = call.operands().getFirst();
    if (call.arguments().is(WHOLE)) {
      return whole(call, file);
    }
    Optional<Reference> name =
        call.operands().size() < 2
            ? Optional.empty()
            : Optional.of(ImageSource.reference(call.operands().getLast()));
    ImageConfig.Execution execution =
        ImageChanges.apply(call.arguments().all(CHANGE), ImageConfig.Execution.EMPTY);
    String message = call.arguments().last(MESSAGE).orElse("Imported from " + file);
    Image image =
        LoadCommand.read(
            call,
            path(call, file),
            in ->
                call.engine()
                    .images()
                    .imported(
                        in, call.arguments().last(ImageSource.PLATFORM), execution, name, message));
    call.print(image.id().toString());
    return 0;
  }
}
