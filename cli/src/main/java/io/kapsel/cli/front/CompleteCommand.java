package io.kapsel.cli.front;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.GroupCommand;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.network.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What may stand where the cursor is; shells ask it by {@code kapsel __complete -- WORD...}. */
final class CompleteCommand implements Command {
  private static final String FILES = ":files";
  private static final List<String> OF_FILES =
      List.of("env-file", "label-file", "cidfile", "input", "output", "check", "volume", "mount");
  private static final Map<String, List<String>> VALUES =
      Map.of(
          "pull", List.of("always", "missing", "never"),
          "restart", List.of("no", "on-failure", "always", "unless-stopped"),
          "type", List.of("container", "image", "network", "volume"),
          "health-on-unhealthy", List.of("none", "restart"));
  private static final Manual MANUAL =
      new Manual(
          "__complete",
          "[WORD...]",
          "Print what may stand where the last word is",
          "",
          FlagSet.untilOperand(List.of()),
          Operands.atLeast(0));

  private final Commands commands;

  CompleteCommand(Commands commands) {
    this.commands = commands;
  }

  /** One word, and what it stands for. */
  private record Candidate(String word, String meaning) {}

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    List<String> words = new ArrayList<>(call.operands());
    String current = words.isEmpty() ? "" : words.removeLast();
    for (Candidate each : candidates(call, words, current)) {
      if (each.word().equals(FILES) || each.word().startsWith(current)) {
        call.print(each.meaning().isEmpty() ? each.word() : each.word() + "\t" + each.meaning());
      }
    }
    return 0;
  }

  private List<Candidate> candidates(Call call, List<String> before, String current) {
    List<String> words = new ArrayList<>(before);
    while (!words.isEmpty() && words.getFirst().startsWith("-")) {
      words.removeFirst();
    }
    if (words.isEmpty()) {
      return commands.list().stream()
          .map(it -> new Candidate(it.manual().name(), it.manual().summary()))
          .toList();
    }
    Command command = named(words.removeFirst());
    if (command instanceof GroupCommand group) {
      Optional<Command> below = words.isEmpty() ? Optional.empty() : group.find(words.getFirst());
      if (below.isEmpty()) {
        List<Candidate> all = new ArrayList<>(below(group));
        all.addAll(ofItself(call, group, words, current));
        return all;
      }
      words.removeFirst();
      return ofCommand(call, below.get(), words, current);
    }
    return ofCommand(call, command, words, current);
  }

  private Command named(String name) {
    try {
      return commands.find(name);
    } catch (CommandException _) {
      return this; // it knows nothing that could follow
    }
  }

  private static List<Candidate> below(GroupCommand group) {
    return group.commands().entrySet().stream()
        .map(it -> new Candidate(it.getKey(), it.getValue().manual().summary()))
        .toList();
  }

  /** Some groups are commands, too: {@code kapsel snapshot CONTAINER}. */
  private static List<Candidate> ofItself(
      Call call, GroupCommand group, List<String> words, String current) {
    return group.standsAlone() ? ofCommand(call, group, words, current) : List.of();
  }

  private static List<Candidate> ofCommand(
      Call call, Command command, List<String> words, String current) {
    FlagSet flags = command.manual().flags();
    int operands = 0;
    Optional<Flag<?>> open = Optional.empty();
    for (String word : words) {
      boolean value = open.isPresent();
      open = value ? Optional.empty() : taking(flags, word);
      operands += value || word.startsWith("-") ? 0 : 1;
    }
    if (open.isPresent()) {
      return values(call, open.get().name(), "");
    }
    int equals = current.indexOf('=');
    if (current.startsWith("--") && equals > 0) {
      return values(call, current.substring(2, equals), current.substring(0, equals + 1));
    }
    return current.startsWith("-") ? flags(flags) : operand(call, command.manual(), operands);
  }

  /** The flag whose value comes next. */
  private static Optional<Flag<?>> taking(FlagSet flags, String word) {
    if (!word.startsWith("-") || word.contains("=")) {
      return Optional.empty();
    }
    boolean whole = word.startsWith("--");
    char last = word.charAt(word.length() - 1);
    return flags.flags().stream()
        .filter(it -> !it.isToggle())
        .filter(it ->
            whole
                ? word.equals("--" + it.name())
                : it.letter().filter(letter -> letter == last).isPresent())
        .findFirst();
  }

  private static List<Candidate> flags(FlagSet flags) {
    return flags.flags().stream()
        .map(it -> new Candidate("--" + it.name(), it.usage().lines().findFirst().orElse("")))
        .toList();
  }

  private static List<Candidate> values(Call call, String flag, String prefix) {
    List<String> found =
        switch (flag) {
          case "network", "net" -> {
            List<String> all = new ArrayList<>(networks(call));
            all.addAll(List.of("none", "host"));
            yield all;
          }
          case "volumes-from" -> containers(call);
          default ->
              OF_FILES.contains(flag) ? List.of(FILES) : VALUES.getOrDefault(flag, List.of());
        };
    return found.stream()
        .distinct()
        .map(it -> new Candidate(it.equals(FILES) ? it : prefix + it, ""))
        .toList();
  }

  /** By what the synopsis calls the operand of that place. */
  private static List<Candidate> operand(Call call, Manual manual, int place) {
    List<String> names = new ArrayList<>(List.of(manual.synopsis().split(" ")));
    names.remove("[OPTIONS]");
    if (names.isEmpty()) {
      return List.of();
    }
    String last = names.getLast();
    boolean more = last.endsWith("...]") || last.endsWith("...");
    String name = place < names.size() ? names.get(place) : more ? last : "";
    return operands(call, name.replaceAll("[\\[\\].]", "")).stream()
        .distinct()
        .map(it -> new Candidate(it, ""))
        .toList();
  }

  private static List<String> operands(Call call, String name) {
    return switch (name) {
      case "CONTAINER" -> containers(call);
      case "IMAGE", "NAME:TAG", "SOURCE" -> images(call);
      case "ROOT" -> {
        List<String> all = new ArrayList<>(images(call));
        all.addAll(List.of("host:", "dir:", "tar:"));
        yield all;
      }
      case "NETWORK" -> networks(call);
      case "VOLUME" -> call.engine().volumes().list().stream().map(it -> it.name()).toList();
      case "ENGINE" -> List.of("ssh://", "unix:///");
      case "SHELL" -> List.of("bash", "fish", "zsh");
      case "NAME" -> {
        List<String> all = new ArrayList<>(containers(call));
        all.addAll(images(call));
        yield all;
      }
      default -> List.of(FILES);
    };
  }

  private static List<String> containers(Call call) {
    return call.engine().containers().stream().map(Engine.Container::name).toList();
  }

  private static List<String> networks(Call call) {
    return call.engine().networks().list().stream().map(Network::name).toList();
  }

  private static List<String> images(Call call) {
    return call.engine().images().list().stream()
        .flatMap(it -> it.names().stream())
        .map(it -> it.familiar())
        .toList();
  }
}
