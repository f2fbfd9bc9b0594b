package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.flag.Flag;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.image.ImageException;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.util.List;
import java.util.Optional;

/** Sees to it that the image of a container is there, as {@code --pull} says. */
public final class ImageSource {
  public static final Flag<Platform> PLATFORM =
      Flag.of("platform", "string", "For this platform: os/arch[/variant]", Platform::parse);
  public static final Flag<String> PULL =
      Flag.of(
          "pull",
          "string",
          "Pull the image first: always, missing (default) or never",
          ImageSource::policy);
  public static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Say nothing of a pull");
  private static final List<String> POLICIES = List.of("always", "missing", "never");

  private ImageSource() {}

  /** Reads {@code --pull}. */
  static String policy(String text) {
    if (!POLICIES.contains(text)) {
      throw new IllegalArgumentException("is none of always, missing and never");
    }
    return text;
  }

  /** Pulls what is missing, or anew; nothing is done for roots that are no images. */
  public static void ensure(Call call, ContainerSpec spec) {
    if (!(spec.root() instanceof RootSource.Image(String text, Optional<String> asked))) {
      return;
    }
    String policy = call.arguments().last(PULL).orElse("missing");
    Optional<Platform> platform = asked.map(Platform::parse);
    boolean there =
        call.engine()
            .images()
            .store()
            .find(text, platform.orElseGet(Platform::host))
            .filter(
                image -> platform.map(it -> it.serves(image.config().platform()) > 0).orElse(true))
            .isPresent();
    if (there && !policy.equals("always")) {
      return;
    }
    if (policy.equals("never")) {
      throw new ImageException.NotFound(
          "cannot find '" + text + "': there is no such image, and --pull=never");
    }
    Reference name = reference(text);
    boolean quiet = call.arguments().is(QUIET);
    if (!there && !quiet) {
      call.client().err("Unable to find image '" + name.orLatest().familiar() + "' locally\n");
    }
    PullCommand.pull(
        call, Transfer.client(call), name, platform, quiet, quiet ? _ -> {} : call.client()::err);
  }

  /** The name of an image as a user typed it. */
  public static Reference reference(String text) {
    try {
      return Reference.parse(text);
    } catch (InvalidSpecException _) {
      throw new InvalidRequestException(
          "invalid reference format: '" + Text.escape(text) + "' is not the name of an image");
    }
  }
}
