package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.ClientInput;
import io.kapsel.cli.command.ClientOutput;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.reach.EngineAddress;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Takes what {@code kapsel move} of another machine sends on standard input. */
public final class ArriveCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          EngineAddress.COMMAND,
          "",
          "Take a container that another engine sends",
          "",
          FlagSet.of(),
          Operands.NONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    try (InputStream in = ClientInput.open(call)) {
      call.engine().arrive(in, new Prompt(call));
      return 0;
    } catch (IOException e) {
      throw new CommandException(1, "cannot take a container: " + e.getMessage());
    }
  }

  /** What is answered is waited for. */
  private static final class Prompt extends FilterOutputStream {
    private final Call call;

    Prompt(Call call) {
      super(OutputStream.nullOutputStream());
      this.call = call;
      this.out = ClientOutput.toClient(call);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      out.write(bytes, from, length);
    }

    @Override
    public void flush() {
      int _ = call.client().waiting(() -> 0);
    }
  }
}
