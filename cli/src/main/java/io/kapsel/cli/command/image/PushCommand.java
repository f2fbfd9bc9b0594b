package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.Images;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.registry.Client;
import io.kapsel.image.registry.Progress;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.MediaTypes.Compression;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.util.List;
import java.util.Optional;

/** {@code kapsel push}: an image to a registry. */
public final class PushCommand implements Command {
  private static final Flag<Boolean> QUIET =
      Flag.toggle('q', "quiet", "Print only the name of the image");
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all-tags", "Push all tags of the repository");
  private static final Manual MANUAL =
      new Manual(
          "push",
          "[OPTIONS] NAME[:TAG]",
          "Upload an image to a registry",
          "With --compression its layers are packed anew where they are packed otherwise.\n",
          FlagSet.of(QUIET, ALL, SaveCommand.COMPRESSION, ImageSource.PLATFORM),
          Operands.ONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Reference name = ImageSource.reference(call.operands().getFirst());
    Client client = Transfer.client(call);
    List<Reference> all =
        call.arguments().is(ALL)
            ? call.engine().images().list().stream()
                .map(Image::names)
                .flatMap(List::stream)
                .filter(each -> each.name().equals(name.name()) && each.tag().isPresent())
                .toList()
            : List.of(name.orLatest());
    if (all.isEmpty()) {
      throw new ImageException.NotFound(
          "cannot push '" + name.familiar() + "': there is no image with that name");
    }
    boolean quiet = call.arguments().is(QUIET);
    for (Reference each : all) {
      TransferDisplay display = TransferDisplay.of(call, quiet);
      display.say("The push refers to repository [" + each.name() + "]");
      Digest digest = Transfer.run(call, display, progress -> push(call, each, client, progress));
      if (!quiet) {
        call.print(each.manifestName() + ": digest: " + digest);
      }
    }
    if (quiet) {
      call.print((call.arguments().is(ALL) ? name : name.orLatest()).toString());
    }
    return 0;
  }

  private static Digest push(Call call, Reference name, Client client, Progress progress) {
    Images images = call.engine().images();
    Optional<Compression> compression = call.arguments().last(SaveCommand.COMPRESSION);
    Optional<Platform> platform = call.arguments().last(ImageSource.PLATFORM);
    if (compression.isPresent() && platform.isPresent()) {
      throw new CommandException(125, "--compression and --platform cannot be used together");
    }
    if (compression.isPresent()) {
      return images.push(name, compression.get(), client, progress);
    }
    return platform.isPresent()
        ? images.push(name, platform.get(), client, progress)
        : images.push(name, client, progress);
  }
}
