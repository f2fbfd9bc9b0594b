package io.kapsel.cli.command.image;

import io.kapsel.base.AtomicFile;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.ClientInput;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.Image;
import io.kapsel.oci.image.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/** {@code kapsel load}: images from an archive. */
public final class LoadCommand implements Command {
  private static final Flag<Path> INPUT =
      Flag.of("input", "string", "Read this file instead of standard input", Path::of)
          .shorthand('i');
  private static final Flag<Boolean> QUIET =
      Flag.toggle('q', "quiet", "Print only which images were loaded, as without it");
  private static final Manual MANUAL =
      new Manual(
          "load",
          "[OPTIONS]",
          "Read images from an archive",
          """
          Archives of docker save, podman save, skopeo and kapsel save are read, and OCI
          layouts in a tar; plain or packed with gzip, zstd or xz.
          """,
          FlagSet.of(INPUT, QUIET, ImageSource.PLATFORM),
          Operands.NONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<Path> file = call.arguments().last(INPUT).map(it -> call.request().path(it));
    Optional<Platform> platform = call.arguments().last(ImageSource.PLATFORM);
    for (Image each : read(call, file, in -> call.engine().images().load(platform, in))) {
      call.print(
          each.names().isEmpty()
              ? "Loaded image ID: " + each.id()
              : "Loaded image: " + each.names().getFirst().familiar());
    }
    return 0;
  }

  /** Lets {@code work} read a file, or what the client sends. */
  static <T> T read(Call call, Optional<Path> file, Function<InputStream, T> work) {
    try (InputStream in =
        file.isPresent() ? Files.newInputStream(file.get()) : ClientInput.open(call)) {
      return work.apply(in);
    } catch (IOException e) {
      throw new CommandException(
          1,
          "cannot read '%s': %s"
              .formatted(file.map(Path::toString).orElse("-"), AtomicFile.reason(e)));
    }
  }
}
