package io.kapsel.cli.command.image;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.GroupCommand;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.print.Table;
import io.kapsel.image.registry.Client;
import io.kapsel.oci.image.Descriptor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/** {@code kapsel registry}: what there is in registries, without pulling it. */
public final class RegistryCommands {
  private RegistryCommands() {}

  public static Command group() {
    Map<String, Command> all = new LinkedHashMap<>();
    all.put(
        "ls",
        new Listing(
            "ls",
            "HOST",
            "List the repositories of a registry, where it tells",
            (client, host) ->
                lines(client.repositories(ImageSource.reference(host + "/x").domain()))));
    all.put(
        "tags",
        new Listing(
            "tags",
            "NAME",
            "List the tags of a repository",
            (client, name) -> lines(client.tags(ImageSource.reference(name)))));
    all.put(
        "referrers",
        new Listing(
            "referrers",
            "NAME[:TAG|@DIGEST]",
            "List what refers to an image: signatures, bills of material",
            RegistryCommands::referrers));
    return new GroupCommand("registry", "Look into registries", all);
  }

  private static String lines(Iterable<String> all) {
    StringBuilder text = new StringBuilder();
    all.forEach(each -> text.append(Text.escape(each)).append('\n'));
    return text.toString();
  }

  private static String referrers(Client client, String name) {
    Table table = new Table("DIGEST", "TYPE", "SIZE");
    for (Descriptor each : client.referrers(ImageSource.reference(name).orLatest()).manifests()) {
      table.row(
          each.digest(),
          Text.escape(each.artifactType().orElse(each.mediaType())),
          ByteSize.printDecimal(each.size()));
    }
    return table.text();
  }

  /** Asks a registry and prints what it says. */
  private record Listing(Manual manual, BiFunction<Client, String, String> work)
      implements Command {
    Listing(String word, String synopsis, String summary, BiFunction<Client, String, String> work) {
      this(new Manual("registry " + word, synopsis, summary, "", FlagSet.of(), Operands.ONE), work);
    }

    @Override
    public int run(Call call) {
      Client client = Transfer.client(call);
      String text =
          Transfer.run(
              call,
              new TransferDisplay(TransferDisplay.Style.QUIET),
              _ -> work.apply(client, call.operands().getFirst()));
      call.client().out(text);
      return 0;
    }
  }
}
