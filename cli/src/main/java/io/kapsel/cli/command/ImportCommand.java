package io.kapsel.cli.command;

import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.Image;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Reference;
import java.nio.file.Path;
import java.util.Optional;

/** {@code kapsel import}: an image from the archive of a root file system. */
final class ImportCommand implements Command {
  static final Flag<String> CHANGE =
      Flag.text(
          'c',
          "change",
          "list",
          "Set CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, … as in a Dockerfile");
  static final Flag<String> MESSAGE =
      Flag.text('m', "message", "string", "Remark for the image's history");
  private static final Manual MANUAL =
      new Manual(
          "import",
          "[OPTIONS] FILE|- [NAME[:TAG]]",
          "Make an image from the archive of a root file system",
          "The archive is a tar, plain or packed with gzip, zstd or xz.\n",
          FlagSet.of(CHANGE, MESSAGE),
          new Operands(1, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    String file = call.operands().getFirst();
    Optional<Reference> name =
        call.operands().size() < 2
            ? Optional.empty()
            : Optional.of(ImageSource.reference(call.operands().getLast()));
    ImageConfig.Execution execution =
        ImageChanges.apply(call.arguments().all(CHANGE), ImageConfig.Execution.EMPTY);
    Optional<Path> path =
        file.equals("-") ? Optional.empty() : Optional.of(call.request().directory().resolve(file));
    String message = call.arguments().last(MESSAGE).orElse("Imported from " + file);
    Image image =
        LoadCommand.read(
            call, path, in -> call.engine().images().imported(in, execution, name, message));
    call.print(image.id().toString());
    return 0;
  }
}
