package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.registry.Client;
import io.kapsel.image.registry.Pull;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.util.Optional;
import java.util.function.Consumer;

/** {@code kapsel pull}: an image from a registry. */
public final class PullCommand implements Command {
  private static final Flag<Boolean> QUIET =
      Flag.toggle('q', "quiet", "Print only the name of the image");
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all-tags", "Pull all tags of the repository");
  private static final Manual MANUAL =
      new Manual(
          "pull",
          "[OPTIONS] NAME[:TAG|@DIGEST]",
          "Download an image from a registry",
          """
          Layers are unpacked while they come. A pull that was cut off goes on where it was.
          Mirrors, authorities and keys of a registry: /etc/kapsel/certs.d/HOST/hosts.toml
          """,
          FlagSet.of(ImageSource.PLATFORM, QUIET, ALL),
          Operands.ONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Reference name = ImageSource.reference(call.operands().getFirst());
    boolean quiet = call.arguments().is(QUIET);
    Client client = Transfer.client(call);
    Optional<Platform> platform = call.arguments().last(ImageSource.PLATFORM);
    if (!call.arguments().is(ALL)) {
      pull(call, client, name, platform, quiet, call.client()::out);
      return 0;
    }
    if (name.tag().isPresent() || name.digest().isPresent()) {
      throw new CommandException(1, "a tag cannot be named together with --all-tags");
    }
    Consumer<String> out = quiet ? _ -> {} : call.client()::out;
    for (String tag : client.tags(name)) {
      pull(call, client, name.tagged(tag), platform, quiet, out);
    }
    if (quiet) {
      call.print(name.toString());
    }
    return 0;
  }

  static void pull(
      Call call,
      Client client,
      Reference asked,
      Optional<Platform> platform,
      boolean quiet,
      Consumer<String> out) {
    Reference name = asked.orLatest();
    TransferDisplay display = TransferDisplay.of(call, quiet);
    if (asked.tag().isEmpty() && asked.digest().isEmpty()) {
      display.say("Using default tag: latest");
    }
    display.say(name.manifestName() + ": Pulling from " + name.path());
    Pull.Pulled pulled =
        Transfer.run(
            call,
            display,
            progress -> call.engine().images().pull(name, platform, client, progress),
            out);
    if (!quiet) {
      out.accept("Digest: " + pulled.digest() + "\n");
      out.accept(
          (pulled.changed()
                  ? "Status: Downloaded newer image for "
                  : "Status: Image is up to date for ")
              + name.familiar()
              + "\n");
    }
    out.accept(name + "\n");
  }
}
