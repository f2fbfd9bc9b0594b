package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import java.nio.charset.StandardCharsets;

/** {@code kapsel manifest inspect}: what a registry has under a name, byte by byte. */
final class ManifestInspectCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "manifest inspect",
          "NAME[:TAG|@DIGEST]",
          "Print the manifest or index that a registry has under a name",
          "",
          FlagSet.of(),
          Operands.ONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    byte[] bytes =
        Transfer.run(
            call,
            new TransferDisplay(TransferDisplay.Style.QUIET),
            _ ->
                Transfer.client(call)
                    .manifest(ImageSource.reference(call.operands().getFirst()).orLatest()));
    call.print(new String(bytes, StandardCharsets.UTF_8).stripTrailing());
    return 0;
  }
}
