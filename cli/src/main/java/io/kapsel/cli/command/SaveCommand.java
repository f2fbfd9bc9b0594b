package io.kapsel.cli.command;

import io.kapsel.base.AtomicFile;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.oci.image.MediaTypes.Compression;
import io.kapsel.oci.image.Platform;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/** {@code kapsel save}: images as one archive. */
final class SaveCommand implements Command {
  static final Flag<Path> OUTPUT =
      Flag.of("output", "string", "Write to this file instead of standard output", Path::of)
          .shorthand('o');
  static final Flag<Compression> COMPRESSION =
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
          FlagSet.of(OUTPUT, COMPRESSION, PullCommand.PLATFORM),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<Platform> platform = call.arguments().last(PullCommand.PLATFORM);
    if (platform.isEmpty()) {
      call.operands().forEach(call.engine().images()::get);
    }
    Optional<Compression> compression = call.arguments().last(COMPRESSION);
    write(call, out -> call.engine().images().save(call.operands(), compression, platform, out));
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

  /** Lets {@code work} write to the file of {@code --output}, or to the client. */
  static void write(Call call, Consumer<OutputStream> work) {
    Optional<Path> file = call.arguments().last(OUTPUT).map(it -> call.request().path(it));
    if (file.isEmpty() && call.request().terminals().stdout()) {
      throw new CommandException(
          1, "cowardly refusing to write an archive to a terminal; use --output or a pipe");
    }
    if (file.isEmpty()) {
      work.accept(new ToClient(call));
      return;
    }
    if (Files.exists(file.get()) && !Files.isRegularFile(file.get())) {
      straight(file.get(), work);
      return;
    }
    Path part = file.get().resolveSibling(file.get().getFileName() + AtomicFile.TEMPORARY_SUFFIX);
    try {
      boolean done = false;
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(part), 1 << 16)) {
        work.accept(out);
        done = true;
      } finally {
        if (!done) {
          Files.deleteIfExists(part);
        }
      }
      Files.move(part, file.get(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new CommandException(1, "cannot write '" + file.get() + "': " + AtomicFile.reason(e));
    } catch (UncheckedIOException e) {
      throw new CommandException(1, String.valueOf(e.getMessage()));
    }
  }

  /** Into a pipe or a device, which no file may take the place of. */
  private static void straight(Path file, Consumer<OutputStream> work) {
    try (OutputStream out =
        new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.WRITE), 1 << 16)) {
      work.accept(out);
    } catch (IOException e) {
      throw new CommandException(1, "cannot write '" + file + "': " + AtomicFile.reason(e));
    } catch (UncheckedIOException e) {
      throw new CommandException(1, String.valueOf(e.getMessage()));
    }
  }

  /** Standard output of the client. */
  static OutputStream toClient(Call call) {
    return new ToClient(call);
  }

  /** Standard output of the client, which is waited for. */
  private static final class ToClient extends OutputStream {
    private final Call call;

    ToClient(Call call) {
      this.call = call;
    }

    @Override
    public void write(int one) {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      call.client().out(Arrays.copyOfRange(bytes, from, from + length));
    }
  }
}
