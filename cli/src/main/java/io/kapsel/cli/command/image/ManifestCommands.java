package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.GroupCommand;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.Images;
import io.kapsel.image.ImageException;
import io.kapsel.image.registry.Client;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.util.List;
import java.util.Map;

/** {@code kapsel manifest …}: indexes of images for several platforms, here and in registries. */
public final class ManifestCommands {
  private ManifestCommands() {}

  public static GroupCommand group() {
    return new GroupCommand(
        "manifest",
        "Look at manifests in registries, and make indexes",
        Map.of(
            "inspect",
            new ManifestInspectCommand(),
            "create",
            new ManifestCreateCommand(),
            "annotate",
            new Annotate(),
            "push",
            new Push(),
            "rm",
            new Remove()));
  }

  /** Fails unless an index has that name here. */
  private static Reference index(Call call, String text, String verb) {
    Reference name = ImageSource.reference(text).orLatest();
    if (call.engine()
        .images()
        .store()
        .target(name)
        .filter(each -> MediaTypes.isIndex(each.mediaType()))
        .isEmpty()) {
      throw new ImageException.NotFound(
          "cannot %s '%s': there is no index with that name".formatted(verb, text));
    }
    return name;
  }

  private static final class Annotate implements Command {
    private static final Flag<String> OS =
        Flag.of("os", "string", "Operating system", text -> text);
    private static final Flag<String> ARCHITECTURE =
        Flag.of("arch", "string", "Architecture", text -> text);
    private static final Flag<String> VARIANT =
        Flag.of("variant", "string", "Variant of the architecture", text -> text);
    private static final Flag<String> OS_VERSION =
        Flag.of("os-version", "string", "Version of the operating system", text -> text);
    private static final Manual MANUAL =
        new Manual(
            "manifest annotate",
            "[OPTIONS] NAME[:TAG] IMAGE",
            "Say which platform an image of an index is for",
            "",
            FlagSet.of(ARCHITECTURE, OS, OS_VERSION, VARIANT),
            new Operands(2, 2));

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      Images images = call.engine().images();
      String image = call.operands().getLast();
      Platform before = images.get(image).config().platform();
      Platform platform =
          new Platform(
              call.arguments().last(ARCHITECTURE).orElse(before.architecture()),
              call.arguments().last(OS).orElse(before.os()),
              call.arguments().last(OS_VERSION).or(before::osVersion),
              call.arguments().last(VARIANT).or(before::variant));
      Reference name = index(call, call.operands().getFirst(), "annotate");
      call.print(images.annotate(name, image, platform).toString());
      return 0;
    }
  }

  private static final class Push implements Command {
    private static final Flag<Boolean> PURGE =
        Flag.toggle('p', "purge", "Remove the index here after that");
    private static final Manual MANUAL =
        new Manual(
            "manifest push",
            "[OPTIONS] NAME[:TAG]",
            "Upload an index with all its images to a registry",
            "",
            FlagSet.of(PURGE),
            Operands.ONE);

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      Reference name = index(call, call.operands().getFirst(), "push");
      Client client = Transfer.client(call);
      Digest digest =
          Transfer.run(
              call,
              TransferDisplay.of(call, false),
              progress -> call.engine().images().push(name, client, progress));
      call.print(digest.toString());
      return call.arguments().is(PURGE) ? remove(call, List.of(name.toString())) : 0;
    }
  }

  private static int remove(Call call, List<String> names) {
    call.engine()
        .images()
        .store()
        .together(() -> {
          names.forEach(each -> call.engine().images().store().unname(index(call, each, "remove")));
          return true;
        });
    call.engine().images().collect();
    return 0;
  }

  private static final class Remove implements Command {
    private static final Manual MANUAL =
        new Manual(
            "manifest rm",
            "NAME[:TAG] [NAME[:TAG]...]",
            "Remove indexes; images that have names of their own stay",
            "",
            FlagSet.of(),
            Operands.SOME);

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      return remove(call, call.operands());
    }
  }
}
