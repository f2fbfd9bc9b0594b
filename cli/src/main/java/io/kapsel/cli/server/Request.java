package io.kapsel.cli.server;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a client wants, and where it stands: its words, environment, directory and terminal.
 *
 * @param argv the words, the client's own name first
 * @param environment entries {@code NAME=value}
 * @param directory the client's working directory, absolute
 * @param pid the client's process
 */
public record Request(
    List<String> argv,
    List<String> environment,
    Path directory,
    Terminals terminals,
    int umask,
    WindowSize window,
    int pid) {

  private static final List<String> STREAMS = List.of("/dev/stdin", "/dev/stdout", "/dev/stderr");
  private static final Set<Path> DESCRIPTORS = Set.of(Path.of("/dev/fd"), Path.of("/proc/self/fd"));

  /** Which of the client's standard streams are terminals. */
  public record Terminals(boolean stdin, boolean stdout, boolean stderr) {}

  /** The size of the client's terminal, zero where there is none. */
  public record WindowSize(short rows, short columns) {}

  /** Copies the lists. */
  public Request {
    argv = List.copyOf(argv);
    environment = List.copyOf(environment);
  }

  /**
   * A file as the client names it, absolute. Its own descriptors, by which a shell hands over what
   * {@code <(command)} prints, are looked for at the client.
   */
  public Path path(Path name) {
    Path whole = directory.resolve(name);
    int stream = STREAMS.indexOf(whole.toString());
    if (stream >= 0) {
      return descriptor(Integer.toString(stream));
    }
    Path parent = whole.getParent();
    String last = String.valueOf(whole.getFileName());
    return parent != null && DESCRIPTORS.contains(parent) && last.matches("\\d{1,9}")
        ? descriptor(last)
        : whole;
  }

  private Path descriptor(String number) {
    return Path.of("/proc", Integer.toString(pid), "fd", number);
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
