package io.kapsel.cli.server;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a client wants, and where it stands: its words, environment, directory and terminal.
 *
 * @param argv the words, the client's own name first
 * @param environment entries {@code NAME=value}
 * @param directory the client's working directory, absolute
 */
public record Request(
    List<String> argv,
    List<String> environment,
    Path directory,
    Terminals terminals,
    int umask,
    WindowSize window) {

  /** Which of the client's standard streams are terminals. */
  public record Terminals(boolean stdin, boolean stdout, boolean stderr) {}

  /** The size of the client's terminal, zero where there is none. */
  public record WindowSize(short rows, short columns) {}

  /** Copies the lists. */
  public Request {
    argv = List.copyOf(argv);
    environment = List.copyOf(environment);
  }

  /** The client's value of an environment variable. */
  public Optional<String> variable(String name) {
    String prefix = name + "=";
    return environment.stream()
        .filter(entry -> entry.startsWith(prefix))
        .map(entry -> entry.substring(prefix.length()))
        .findFirst();
  }
}
