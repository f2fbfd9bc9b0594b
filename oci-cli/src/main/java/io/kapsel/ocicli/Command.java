package io.kapsel.ocicli;

import java.util.List;

/** A command of the runtime. One object serves all callers at once. */
interface Command {
  /** The word for it. */
  String name();

  /** What follows the options, as in a usage line. */
  String operands();

  /** One line about it. */
  String meaning();

  /** Its options. */
  List<Option> options();

  /** How many operands there may be. */
  Arity arity();

  /** Does it, and returns the exit code. */
  int run(Call call);

  /** The exit code for what cannot be done. */
  default int failure() {
    return 1;
  }

  /** A number of operands, from least to most. */
  record Arity(int least, int most) {
    static final Arity NONE = new Arity(0, 0);
    static final Arity ONE = new Arity(1, 1);

    boolean bounded() {
      return most < Integer.MAX_VALUE;
    }

    static Arity atLeast(int least) {
      return new Arity(least, Integer.MAX_VALUE);
    }
  }
}
