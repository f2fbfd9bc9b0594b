package io.kapsel.cli.command;

import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.print.FlagHelp;

/**
 * What there is to know of a command before it runs.
 *
 * @param synopsis what follows the command's name
 * @param summary one phrase for the list of commands
 * @param details more for the command's own help; may be empty
 */
public record Manual(
    String name,
    String synopsis,
    String summary,
    String details,
    FlagSet flags,
    Operands operands) {

  /** How many operands there must be. */
  public record Operands(int least, int most) {
    public static final Operands NONE = new Operands(0, 0);
    public static final Operands ONE = new Operands(1, 1);
    public static final Operands SOME = atLeast(1);

    public static Operands atLeast(int least) {
      return new Operands(least, Integer.MAX_VALUE);
    }
  }

  /** The command as users type it. */
  public String path() {
    return "kapsel " + name;
  }

  /** The first line of the help. */
  String usage() {
    return "Usage:  " + path() + (synopsis.isEmpty() ? "" : " " + synopsis) + "\n";
  }

  /** The whole help. */
  public String help() {
    return usage()
        + "\n"
        + summary
        + "\n"
        + (details.isEmpty() ? "" : "\n" + details.stripTrailing() + "\n")
        + "\nOptions:\n"
        + FlagHelp.text(flags.flags());
  }

  /** What follows a complaint about the command line. */
  public String hint() {
    return "\n" + usage() + "\nSee '" + path() + " --help' for more information\n";
  }

  /** Throws when the number of operands is wrong. */
  public void check(int count) {
    if (count < operands.least || count > operands.most) {
      throw new OperandException("'" + path() + "' " + requirement());
    }
  }

  private String requirement() {
    if (operands.most == 0) {
      return "accepts no arguments";
    }
    String number = operands.least + (operands.least == 1 ? " argument" : " arguments");
    return "requires " + (operands.least == operands.most ? "" : "at least ") + number;
  }
}
