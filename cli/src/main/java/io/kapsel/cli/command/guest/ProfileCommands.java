package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.GroupCommand;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.spec.RunFlags;
import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.UsageException;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.Profiles;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** {@code kapsel profile}: options that stand together under a name. */
public final class ProfileCommands {
  private ProfileCommands() {}

  public static Command group() {
    Map<String, Command> all = new LinkedHashMap<>();
    all.put(
        "create",
        new Write(
            "profile create",
            "Note options of 'launch' under a name",
            (call, words) ->
                call.engine().profiles().create(words.getFirst(), words.subList(1, words.size()))));
    all.put(
        "set",
        new Write(
            "profile set",
            "Put other options in the place of those of a profile",
            (call, words) ->
                call.engine().profiles().set(words.getFirst(), words.subList(1, words.size()))));
    all.put("ls", new Show());
    all.put("show", new Options());
    all.put("rm", new Remove());
    return new GroupCommand("profile", "Options for containers, under names", all);
  }

  /** The words of a command with those of its profiles before its own, which win over them. */
  public static List<String> expanded(Arguments arguments, List<String> words, Profiles profiles) {
    List<String> all = new ArrayList<>();
    arguments.all(RunFlags.PROFILE).forEach(name -> all.addAll(profiles.options(name)));
    all.addAll(words);
    return all;
  }

  /** {@code kapsel profile create} and {@code set}. */
  private record Write(String name, String summary, BiConsumer<Call, List<String>> action)
      implements Command {
    private static final FlagSet KNOWN = FlagSet.untilOperand(RunFlags.ofProfiles());

    @Override
    public Manual manual() {
      return new Manual(
          name,
          "NAME [OPTION...]",
          summary,
          """
          The options are those of 'launch' and 'create', which obey them with
          '--profile NAME', given as often as there are profiles. What stands in a later
          profile, or in the command itself, wins where there can be only one; lists add
          up. A container that was made does not change with the profile.
          """,
          FlagSet.untilOperand(List.of()),
          Operands.SOME);
    }

    @Override
    public int run(Call call) {
      List<String> words = call.operands();
      Arguments known = KNOWN.parse(words.subList(1, words.size()));
      if (!known.operands().isEmpty()) {
        throw new UsageException("'" + known.operands().getFirst() + "' is not an option");
      }
      action.accept(call, words);
      call.print(words.getFirst());
      return 0;
    }
  }

  /** {@code kapsel profile ls}. */
  private static final class Show implements Command {
    private static final Manual MANUAL =
        new Manual(
            "profile ls",
            "[OPTIONS]",
            "List the profiles",
            "",
            FlagSet.of(Listing.FORMAT),
            new Operands(0, 0));
    private static final Listing LISTING =
        new Listing(List.of(".Name", ".Options"), Map.of("Name", "NAME", "Options", "OPTIONS"));

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      Profiles profiles = call.engine().profiles();
      List<Struct> rows = new ArrayList<>();
      for (String name : profiles.list()) {
        rows.add(
            new Struct()
                .with("Name", name)
                .with("Options", String.join(" ", profiles.options(name))));
      }
      LISTING.print(call, call.arguments().last(Listing.FORMAT), rows);
      return 0;
    }
  }

  /** {@code kapsel profile show}. */
  private static final class Options implements Command {
    private static final Manual MANUAL =
        new Manual(
            "profile show",
            "NAME",
            "Print the options of a profile, a word a line",
            "",
            FlagSet.of(),
            new Operands(1, 1));

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      call.engine().profiles().options(call.operands().getFirst()).forEach(call::print);
      return 0;
    }
  }

  /** {@code kapsel profile rm}. */
  private static final class Remove implements Command {
    private static final Manual MANUAL =
        new Manual(
            "profile rm",
            "NAME [NAME...]",
            "Remove profiles",
            "",
            FlagSet.of(),
            Operands.atLeast(1));

    @Override
    public Manual manual() {
      return MANUAL;
    }

    @Override
    public int run(Call call) {
      for (String name : call.operands()) {
        call.engine().profiles().remove(name);
        call.print(name);
      }
      return 0;
    }
  }
}
