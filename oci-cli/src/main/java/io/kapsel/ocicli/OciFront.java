package io.kapsel.ocicli;

import io.kapsel.base.JsonException;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.cgroup.CgroupException;
import io.kapsel.linux.seccomp.SeccompException;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.GuestRuntime;
import io.kapsel.runtime.LaunchException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The runtime as a command: words in, output and an exit code out. Keeps nothing in memory. */
public final class OciFront {
  private static final String NAME = "runc";
  private static final int UNKNOWN_COMMAND = 3;
  private static final Option HELP = Option.toggle("help, h", "show help");
  private static final List<Option> GLOBAL =
      List.of(
          Option.toggle("debug", "log more"),
          Option.of("log", "FILE", "write the log to FILE instead of standard error"),
          Option.of("log-format", "FORMAT", "text or json"),
          Option.of("log-level", "LEVEL", "debug logs more"),
          Option.of("root", "DIR", "where the containers' state is (/run/kapsel-runc)"),
          Option.of("criu", "FILE", "has no effect: criu is looked for in PATH"),
          Option.toggle("systemd-cgroup", "cgroupsPath is slice:prefix:name"),
          Option.of("cgroup-manager", "NAME", "cgroupfs or systemd, as crun has it"),
          Option.of("rootless", "WHEN", "auto or false: who is not root is refused"),
          HELP,
          Option.toggle("version, v", "print the version"));

  private final GuestRuntime runtime;
  private final String version;
  private final List<Command> commands = Commands.all();

  /** The front of {@code runtime}, in a build of that version. */
  public OciFront(GuestRuntime runtime, String version) {
    this.runtime = runtime;
    this.version = version;
  }

  /** Does what the caller asks, and returns the exit code. */
  public int serve(Caller caller) {
    Log log = new Log(caller, Optional.empty(), false, false);
    try {
      Words global = Words.parse(caller.words().subList(1, caller.words().size()), GLOBAL);
      if (global.is("version")) {
        caller.out(
            "%s version 1.3.0+kapsel.%s\ncommit: %s\nspec: %s\n"
                .formatted(NAME, version, version, Spec.VERSION));
        return 0;
      }
      if (global.is("help") || global.operands().isEmpty()) {
        caller.out(help(name(caller)));
        return 0;
      }
      Places places = Places.of(caller);
      boolean debug = global.is("debug") || global.last("log-level").equals(Optional.of("debug"));
      log = new Log(caller, logFile(global, places), json(global), debug);
      return run(caller, global, log, places);
    } catch (OciException e) {
      log.error(e.text());
      return e.exitCode();
    }
  }

  /** What the caller called. */
  private static String name(Caller caller) {
    String word = caller.words().getFirst();
    return word.substring(word.lastIndexOf('/') + 1);
  }

  private static boolean json(Words global) {
    String format = global.last("log-format").orElse("text");
    if (!format.equals("text") && !format.equals("json")) {
      throw new OciException("invalid log-format: " + format);
    }
    return format.equals("json");
  }

  private static Optional<Path> logFile(Words global, Places places) {
    return global
        .text("log")
        .map(each -> each.startsWith("file:") ? each.substring("file:".length()) : each)
        .map(places::of);
  }

  private int run(Caller caller, Words global, Log log, Places places) {
    String word = global.operands().getFirst();
    List<String> rest = global.operands().subList(1, global.operands().size());
    if (word.equals("help") || word.equals("h")) {
      caller.out(
          rest.isEmpty()
              ? help(name(caller))
              : help(name(caller), find(rest.getFirst()).orElseThrow()));
      return 0;
    }
    Optional<Command> found = find(word);
    if (found.isEmpty()) {
      caller.err("No help topic for '" + word + "'\n");
      return UNKNOWN_COMMAND;
    }
    Command command = found.get();
    try {
      checkSupported(global);
      List<Option> options = new java.util.ArrayList<>(command.options());
      options.add(HELP);
      Words words =
          usage(caller, command, () -> Words.parse(rest, options, command.arity().bounded()));
      if (words.is("help")) {
        caller.out(help(name(caller), command));
        return 0;
      }
      checkArity(caller, command, words.operands().size());
      return command.run(new Call(caller, runtime, global, words, log, places));
    } catch (OciException e) {
      log.error(e.text());
      return e.exitCode() == 1 ? command.failure() : e.exitCode();
    } catch (LaunchException
        | SyscallException
        | SeccompException
        | CgroupException
        | InvalidSpecException
        | JsonException
        | UncheckedIOException
        | IllegalArgumentException e) {
      log.error(String.valueOf(e.getMessage()));
      return command.failure();
    }
  }

  /** What would weaken nothing when it is refused, but surprise when it is ignored. */
  private static void checkSupported(Words global) {
    String rootless = global.last("rootless").orElse("auto");
    if (!List.of("auto", "true", "false").contains(rootless)) {
      throw new OciException(
          "invalid value '" + rootless + "' for --rootless: it is true, false or auto");
    }
    String groups = global.last("cgroup-manager").orElse("cgroupfs");
    if (!List.of("cgroupfs", "systemd", "disabled").contains(groups)) {
      throw new OciException(
          "invalid value '"
              + groups
              + "' for --cgroup-manager: it is cgroupfs, systemd or disabled");
    }
  }

  private static <T> T usage(
      Caller caller, Command command, java.util.function.Supplier<T> parsing) {
    try {
      return parsing.get();
    } catch (OciException e) {
      caller.out("Incorrect Usage: " + e.text() + "\n\n" + help(name(caller), command));
      throw e;
    }
  }

  private static void checkArity(Caller caller, Command command, int count) {
    Command.Arity arity = command.arity();
    String wrong = "";
    if (arity.least() == arity.most() && count != arity.least()) {
      wrong = "requires exactly %d argument(s)".formatted(arity.least());
    } else if (count < arity.least()) {
      wrong = "requires a minimum of %d argument(s)".formatted(arity.least());
    } else if (count > arity.most()) {
      wrong = "requires a maximum of %d argument(s)".formatted(arity.most());
    }
    if (!wrong.isEmpty()) {
      caller.out("Incorrect Usage.\n\n" + help(name(caller), command));
      throw new OciException("%s: \"%s\" %s".formatted(NAME, command.name(), wrong));
    }
  }

  private Optional<Command> find(String word) {
    return commands.stream().filter(each -> each.name().equals(word)).findFirst();
  }

  private String help(String name) {
    return "NAME:\n   %s - Open Container Initiative runtime, by Kapsel\n\n".formatted(name)
        + "USAGE:\n   %s [global options] command [command options] [arguments...]\n\n"
            .formatted(name)
        + "VERSION:\n   "
        + version
        + "\n\nCOMMANDS:\n"
        + commands.stream()
            .map(each -> "   %-11s %s\n".formatted(each.name(), each.meaning()))
            .collect(Collectors.joining())
        + "\nGLOBAL OPTIONS:\n"
        + Option.help(GLOBAL);
  }

  private static String help(String name, Command command) {
    return "NAME:\n   %s %s - %s\n\n".formatted(name, command.name(), command.meaning())
        + "USAGE:\n   %s %s [command options] %s\n\n"
            .formatted(name, command.name(), command.operands())
        + "OPTIONS:\n"
        + Option.help(command.options());
  }
}
