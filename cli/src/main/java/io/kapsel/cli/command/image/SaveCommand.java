package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.ClientOutput;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.oci.image.MediaTypes.Compression;
import io.kapsel.oci.image.Platform;
import java.util.Optional;

/** {@code kapsel save}: images as one archive. */
public final class SaveCommand implements Command {
  public static final Flag<Compression> COMPRESSION =
      Flag.of(
          "compression", "string", "Pack layers with gzip, zstd or none", SaveCommand::compression);
  private static final Manual MANUAL =
      new Manual(
          "save",
          "[OPTIONS] IMAGE [IMAGE...]",
          "Write images into an archive that every engine reads",
          """
          The archive is an OCI layout with Docker's manifest.json. Layers are packed as
          they came, unless --compression says otherwise.
          """,
          FlagSet.of(ClientOutput.OUTPUT, COMPRESSION, ImageSource.PLATFORM),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<Platform> platform = call.arguments().last(ImageSource.PLATFORM);
    if (platform.isEmpty()) {
      call.operands().forEach(call.engine().images()::get);
    }
    Optional<Compression> compression = call.arguments().last(COMPRESSION);
    ClientOutput.write(
        call, out -> call.engine().images().save(call.operands(), compression, platform, out));
    return 0;
  }

  private static Compression compression(String text) {
    return switch (text) {
      case "gzip" -> Compression.GZIP;
      case "zstd" -> Compression.ZSTD;
      case "none" -> Compression.NONE;
      default -> throw new IllegalArgumentException("is none of gzip, zstd and none");
    };
  }
}
