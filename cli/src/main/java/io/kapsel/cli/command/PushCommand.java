package io.kapsel.cli.command;

import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.registry.Client;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.MediaTypes.Compression;
import io.kapsel.oci.image.Reference;
import java.util.List;
import java.util.Optional;

/** {@code kapsel push}: an image to a registry. */
final class PushCommand implements Command {
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
          FlagSet.of(QUIET, ALL, SaveCommand.COMPRESSION),
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
    Optional<Compression> compression = call.arguments().last(SaveCommand.COMPRESSION);
    for (Reference each : all) {
      TransferDisplay display = TransferDisplay.of(call, quiet);
      display.say("The push refers to repository [" + each.name() + "]");
      Digest digest =
          Transfer.run(
              call,
              display,
              progress ->
                  compression.isEmpty()
                      ? call.engine().images().push(each, client, progress)
                      : call.engine().images().push(each, compression.get(), client, progress));
      call.print(quiet ? each.toString() : each.manifestName() + ": digest: " + digest);
    }
    return 0;
  }
}
