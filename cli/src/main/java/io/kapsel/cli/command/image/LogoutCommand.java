package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.registry.DockerConfig;

/** {@code kapsel logout}: forgets who the user is at a registry. */
public final class LogoutCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "logout", "[SERVER]", "Log out from a registry", "", FlagSet.of(), new Operands(0, 1));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    String domain = LoginCommand.domain(call);
    boolean known = DockerConfig.read(call.request().environment()).erase(domain);
    call.print(known ? "Removing login credentials for " + domain : "Not logged in to " + domain);
    return 0;
  }
}
