package io.kapsel.cli.command;

import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import java.util.List;
import java.util.Locale;

/** Which of a client's standard streams are those of a process. */
public record Streams(boolean stdin, boolean stdout, boolean stderr) {
  public static final Flag<String> ATTACH =
      Flag.of("attach", "list", "Attach only stdin, stdout or stderr", Streams::name)
          .shorthand('a');

  private static String name(String text) {
    String name = text.toLowerCase(Locale.ROOT);
    if (!List.of("stdin", "stdout", "stderr").contains(name)) {
      throw new IllegalArgumentException("valid streams are STDIN, STDOUT and STDERR");
    }
    return name;
  }

  /** With what a process prints, and with its input where that is wanted. */
  public static Streams output(boolean stdin) {
    return new Streams(stdin, true, true);
  }

  /** Those that were named; without any, all output, and the input where it is kept open. */
  public static Streams of(Arguments arguments, boolean interactive) {
    List<String> named = arguments.all(ATTACH);
    return named.isEmpty()
        ? output(interactive)
        : new Streams(named.contains("stdin"), named.contains("stdout"), named.contains("stderr"));
  }
}
