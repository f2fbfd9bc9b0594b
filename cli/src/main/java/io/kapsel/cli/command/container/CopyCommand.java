package io.kapsel.cli.command.container;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.ClientInput;
import io.kapsel.cli.command.ClientOutput;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.ContainerFiles;
import io.kapsel.engine.CopyOptions;
import io.kapsel.linux.socket.Credentials;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/** {@code kapsel cp}: files into a container and out of it. */
public final class CopyCommand implements Command {
  private static final String STREAM = "-";
  private static final Flag<Boolean> ARCHIVE =
      Flag.toggle('a', "archive", "Keep users and groups as they are, also on this side");
  private static final Flag<Boolean> FOLLOW =
      Flag.toggle('L', "follow-link", "Copy what a named link leads to");
  private static final Flag<Boolean> QUIET =
      Flag.toggle('q', "quiet", "Do not tell at the end what was copied");
  private static final Manual MANUAL =
      new Manual(
          "cp",
          "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n"
              + "        kapsel cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
          "Copy files between a container and this machine",
          """
          The container may run or not; its volumes are seen as inside. With '-' a tar
          archive is read from standard input, or written to standard output. 'dir/.'
          stands for what is in a directory.
          """,
          FlagSet.of(ARCHIVE, FOLLOW, QUIET),
          new Operands(2, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  /** One side of a copy; without a container it is here. */
  private record Side(Optional<String> container, String path) {
    static Side of(String text, String which) {
      if (text.isEmpty()) {
        throw new CommandException(1, which + " can not be empty");
      }
      int colon = text.indexOf(':');
      return colon < 0 || text.startsWith("/") || text.startsWith(".")
          ? new Side(Optional.empty(), text)
          : new Side(Optional.of(text.substring(0, colon)), text.substring(colon + 1));
    }

    String local(Call call) {
      return path.startsWith("/") ? path : call.request().directory() + "/" + path;
    }
  }

  @Override
  public int run(Call call) {
    Side from = Side.of(call.operands().getFirst(), "source");
    Side to = Side.of(call.operands().getLast(), "destination");
    if (from.container().isPresent() && to.container().isPresent()) {
      throw new CommandException(1, "copying between containers is not supported");
    }
    if (from.container().isEmpty() && to.container().isEmpty()) {
      throw new CommandException(1, "must specify at least one container source");
    }
    if (from.container().isPresent()) {
      out(call, call.engine().container(from.container().get()).files(), from, to);
    } else {
      in(call, call.engine().container(to.container().orElseThrow()).files(), from, to);
    }
    return 0;
  }

  private static void out(Call call, ContainerFiles files, Side from, Side to) {
    boolean follow = call.arguments().is(FOLLOW);
    if (to.path().equals(STREAM)) {
      if (call.request().terminals().stdout()) {
        throw new CommandException(1, "cowardly refusing to write an archive to a terminal");
      }
      try (OutputStream out = ClientOutput.toClient(call)) {
        files.read(from.path(), follow, out);
      } catch (IOException e) {
        throw new CommandException(1, String.valueOf(e.getMessage()));
      }
      return;
    }
    long copied = files.copyOut(from.path(), to.local(call), options(call, follow));
    tell(call, copied, to.local(call));
  }

  private static void in(Call call, ContainerFiles files, Side from, Side to) {
    if (from.path().equals(STREAM)) {
      try (ClientInput input = ClientInput.open(call)) {
        files.write(to.path(), input);
      }
      return;
    }
    CopyOptions options = options(call, call.arguments().is(FOLLOW));
    long copied = files.copyIn(from.local(call), to.path(), options);
    tell(call, copied, to.container().orElseThrow() + ":" + to.path());
  }

  /** What comes here belongs to the caller. */
  private static CopyOptions options(Call call, boolean follow) {
    return new CopyOptions(
        follow, call.arguments().is(ARCHIVE) ? Optional.empty() : Optional.of(owner(call)));
  }

  private static CopyOptions.Owner owner(Call call) {
    Credentials peer = call.client().peer();
    return new CopyOptions.Owner(
        Integer.toUnsignedLong(peer.uid()), Integer.toUnsignedLong(peer.gid()));
  }

  private static void tell(Call call, long bytes, String where) {
    if (!call.arguments().is(QUIET) && call.request().terminals().stderr()) {
      call.client()
          .err("Successfully copied " + ByteSize.printDecimal(bytes) + " to " + where + "\n");
    }
  }
}
