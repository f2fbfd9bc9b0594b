package io.kapsel.cli.command;

import io.kapsel.base.AtomicFile;
import io.kapsel.cli.flag.Flag;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/** Where a command writes what is no text: the client's standard output, or a file. */
public final class ClientOutput {
  public static final Flag<Path> OUTPUT =
      Flag.of("output", "string", "Write to this file instead of standard output", Path::of)
          .shorthand('o');

  private ClientOutput() {}

  /** Lets {@code work} write to the file of {@code --output}, or to the client. */
  public static void write(Call call, Consumer<OutputStream> work) {
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
      Files.move(part, file.get(), StandardCopyOption.REPLACE_EXISTING);
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
  public static OutputStream toClient(Call call) {
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
