package io.kapsel.cli.command;

/** A command of the kapsel front. One object serves all requests at once. */
public interface Command {
  /** What there is to know of it. */
  Manual manual();

  /** Does it, and returns the exit code. */
  int run(Call call);

  /** The exit code for what the engine refuses. */
  default int failure() {
    return 1;
  }
}
