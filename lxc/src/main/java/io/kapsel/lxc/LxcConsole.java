package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.spec.Ttys;
import java.util.Optional;

/** {@code lxc-console}: the terminals of a container. */
final class LxcConsole {
  private static final int CONTROL = 0x1f;
  private static final int LEAVE = 'q' << Byte.SIZE;

  private LxcConsole() {}

  /** Without a number the first terminal that nobody has; where there is none, the console. */
  static int show(LxcCall call) {
    Container container = call.running();
    char prefix = prefix(call.options().last("escape"));
    int most = container.spec().stdio().ttys().map(Ttys::count).orElse(0);
    int number = call.options().last("tty").map(LxcConsole::number).orElse(-1);
    if (number > most) {
      throw new LxcException(
          "there is no terminal %s, only 0 to %s; lxc.tty.max says how many"
              .formatted(number, most));
    }
    int wanted = number < 0 && most == 0 ? 0 : number;
    return call.caller()
        .console(
            container,
            wanted,
            (prefix & CONTROL) | LEAVE,
            got -> call.caller().err(hint(got, prefix)));
  }

  private static int number(String text) {
    if (!text.matches("-?\\d{1,3}")) {
      throw new LxcException("'" + text + "' is not the number of a terminal");
    }
    return Integer.parseInt(text);
  }

  /** A letter, which is pressed with the control key, or the same with a caret before it. */
  private static char prefix(Optional<String> escape) {
    String text = escape.orElse("a");
    String letter = text.startsWith("^") ? text.substring(1) : text;
    if (!letter.matches("[A-Za-z]")) {
      throw new LxcException("'" + text + "' is no letter to escape with, such as ^a");
    }
    return Character.toLowerCase(letter.charAt(0));
  }

  private static String hint(int number, char prefix) {
    return """

    Connected to tty %d
    Type <Ctrl+%c q> to exit the console, <Ctrl+%c Ctrl+%c> to enter Ctrl+%c itself
    """
        .formatted(number, prefix, prefix, prefix, prefix);
  }
}
