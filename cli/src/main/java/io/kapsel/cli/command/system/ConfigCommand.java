package io.kapsel.cli.command.system;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.config.ConfigException;
import io.kapsel.cli.config.ConfigFile;
import io.kapsel.cli.config.Configuration;
import io.kapsel.cli.config.LiveConfiguration;
import io.kapsel.cli.config.Setting;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code kapsel config}: what the engine goes by, and who says so. */
public final class ConfigCommand implements Command {
  private static final Flag<Path> CHECK =
      Flag.of("check", "file", "Say what is wrong in this file; nothing is changed", Path::of);
  private static final Flag<Boolean> RELOAD =
      Flag.toggle("reload", "Let the engine read its file again");
  private static final List<String> COLUMNS = List.of(".Setting", ".Value", ".Default", ".From");
  private static final Map<String, String> HEADINGS =
      Map.of(
          "Setting", "SETTING",
          "Value", "VALUE",
          "Default", "DEFAULT",
          "From", "FROM",
          "Variable", "VARIABLE",
          "Meaning", "MEANING");
  private static final Manual MANUAL =
      new Manual(
          "config",
          "[OPTIONS]",
          "Show what the engine goes by",
          details(),
          FlagSet.of(CHECK, RELOAD, Listing.FORMAT),
          Operands.NONE);

  private final LiveConfiguration configuration;

  public ConfigCommand(LiveConfiguration configuration) {
    this.configuration = configuration;
  }

  private static String details() {
    StringBuilder text = new StringBuilder();
    text.append("Settings stand in ").append(Configuration.FILE);
    text.append(", one a line: key = value.\nThe environment of the engine wins.\n\nSettings:\n");
    for (Setting each : Setting.values()) {
      text.append("  %-15s%s%n".formatted(each.key(), each.variable()));
      text.append("  %-15s%s%n".formatted("", each.meaning()));
    }
    return text.toString();
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<Path> file = call.arguments().last(CHECK);
    if (file.isPresent()) {
      return check(call, call.request().path(file.get()));
    }
    if (call.arguments().is(RELOAD)) {
      return reload(call);
    }
    List<Struct> rows = new ArrayList<>();
    for (Setting each : Setting.values()) {
      rows.add(row(each, configuration.current().get(each)));
    }
    new Listing(COLUMNS, HEADINGS).print(call, call.arguments().last(Listing.FORMAT), rows);
    return 0;
  }

  private static Struct row(Setting setting, Configuration.Value value) {
    return new Struct()
        .with("Setting", setting.key())
        .with("Value", value.text())
        .with("Default", setting.usual())
        .with("From", value.from())
        .with("Variable", setting.variable())
        .with("Meaning", setting.meaning());
  }

  private static int check(Call call, Path file) {
    try {
      ConfigFile read = ConfigFile.read(file);
      List<String> problems = new ArrayList<>(read.problems());
      if (problems.isEmpty()) {
        Configuration.wrong(read).ifPresent(problems::add);
      }
      problems.forEach(call::complain);
      if (problems.isEmpty()) {
        call.print("configuration OK");
      }
      return problems.isEmpty() ? 0 : 1;
    } catch (ConfigException e) {
      throw new CommandException(1, String.valueOf(e.getMessage()));
    }
  }

  private int reload(Call call) {
    try {
      configuration
          .reload()
          .forEach(each ->
              call.print("'" + each.key() + "' takes effect when the engine starts the next time"));
      return 0;
    } catch (ConfigException e) {
      throw new CommandException(1, "cannot reload the configuration: " + e.getMessage());
    }
  }
}
