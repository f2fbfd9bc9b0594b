package io.kapsel.cli.print;

import io.kapsel.cli.flag.Flag;
import java.util.List;

/** The list of flags in a help text: names left, what they are for right. */
public final class FlagHelp {
  private static final int WIDTH = 80;
  private static final int GAP = 3;

  private FlagHelp() {}

  /** One or more lines for each flag. */
  public static String text(List<Flag<?>> flags) {
    int left = flags.stream().mapToInt(flag -> names(flag).length()).max().orElse(0) + GAP;
    StringBuilder text = new StringBuilder();
    for (Flag<?> flag : flags) {
      String names = names(flag);
      for (String line : Wrap.lines(flag.usage(), Math.max(WIDTH - left, WIDTH / 3))) {
        text.append(names).repeat(' ', left - names.length()).append(line).append('\n');
        names = "";
      }
    }
    return text.toString();
  }

  private static String names(Flag<?> flag) {
    String letter = flag.letter().map(it -> "  -" + it + ", ").orElse("      ");
    return letter + "--" + flag.name() + (flag.isToggle() ? "" : " " + flag.placeholder());
  }
}
