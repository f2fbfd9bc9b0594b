package io.kapsel.cli.front;

import io.kapsel.cli.command.system.VersionCommand;
import io.kapsel.cli.server.Client;
import io.kapsel.cli.server.Front;
import io.kapsel.cli.server.Request;
import java.util.List;

/** The {@code kapsel} command of a user whose engine has none of root's rights. */
public final class UserFront implements Front {
  private static final int REFUSED = 125;

  /** For everybody alike. */
  public UserFront() {}

  @Override
  public int serve(Request request, Client client) {
    List<String> words = request.argv().subList(1, request.argv().size());
    String word = words.isEmpty() ? "--help" : words.getFirst();
    return switch (word) {
      case "--version", "-v", "version" -> {
        client.out("Kapsel version " + VersionCommand.version() + "\n");
        yield 0;
      }
      default -> {
        client.err(
            "kapsel: cannot %s: the engine of a user who is not root runs OCI bundles alone; see 'kapsel oci --help'\n"
                .formatted(word.startsWith("-") ? "do that" : "'" + word + "'"));
        yield REFUSED;
      }
    };
  }
}
