package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.print.Columns;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.poll.Stream;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code kapsel top}: the processes of a container, as the host's ps shows them. */
public final class TopCommand implements Command {
  private static final int LONGEST = 16 << 20;
  private static final Manual MANUAL =
      new Manual(
          "top",
          "CONTAINER [ps OPTIONS]",
          "Display the running processes of a container",
          "What ps shows must have a column PID. Without options: -ef.\n",
          FlagSet.untilOperand(List.of()),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Engine.Container container = call.engine().container(call.operands().getFirst());
    Set<Integer> pids = new HashSet<>(container.processes());
    List<String> options = call.operands().subList(1, call.operands().size());
    List<String> lines = ps(options.isEmpty() ? List.of("-ef") : options, pids);
    call.client().out(Columns.align(chosen(lines, pids)));
    return 0;
  }

  /** The heading, and the lines of those processes, in cells. */
  public static List<String> chosen(List<String> lines, Set<Integer> pids) {
    List<String> heading = lines.isEmpty() ? List.of() : cells(lines.getFirst(), 0);
    int column = heading.indexOf("PID");
    if (column < 0) {
      throw new CommandException(1, "couldn't find PID field in ps output");
    }
    List<String> chosen = new ArrayList<>(List.of(String.join("\t", heading)));
    for (String line : lines.subList(1, lines.size())) {
      List<String> cells = cells(line, heading.size());
      if (cells.size() > column
          && cells.get(column).matches("\\d{1,9}")
          && pids.contains(Integer.parseInt(cells.get(column)))) {
        chosen.add(Text.escape(String.join("\t", cells)).replace("\\t", "\t"));
      }
    }
    return chosen;
  }

  /** The last of {@code most} cells keeps its spaces. */
  private static List<String> cells(String line, int most) {
    return Arrays.asList(line.strip().split("\\s+", most));
  }

  /** Options that choose nothing show those of a terminal: then it is asked for these alone. */
  private static List<String> ps(List<String> options, Set<Integer> pids) {
    List<String> words = new ArrayList<>(List.of("ps"));
    words.addAll(options);
    List<String> chosen = new ArrayList<>(words);
    chosen.add("-q");
    chosen.add(pids.stream().map(Object::toString).collect(Collectors.joining(",")));
    return run(chosen)
        .or(() -> run(words))
        .orElseThrow(() -> new CommandException(1, "ps refuses '" + String.join(" ", words) + "'"));
  }

  /** What it prints; nothing when it fails. */
  private static Optional<List<String>> run(List<String> words) {
    Path program =
        List.of(Path.of("/usr/bin/ps"), Path.of("/bin/ps")).stream()
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(
                () -> new CommandException(1, "this host has no program 'ps'; install procps"));
    Stream.Pipe out = Stream.pipe();
    try (Stream from = Stream.of(out.reader());
        Child child = start(program, words, out.writer())) {
      String text = read(from);
      return child.await().raw() == 0 ? Optional.of(text.lines().toList()) : Optional.empty();
    } catch (SyscallException e) {
      throw new CommandException(1, "cannot run 'ps': " + e.getMessage());
    }
  }

  private static Child start(Path program, List<String> words, Fd out) {
    try (out) {
      return Spawn.path(program.toString())
          .arguments(words)
          .environment(List.of("PATH=/usr/bin:/bin", "LC_ALL=C", "COLUMNS=32767"))
          .descriptor(1, out)
          .descriptor(2, out)
          .session()
          .start();
    }
  }

  private static String read(Stream from) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 16];
    for (int count; (count = from.read(buffer, 0, buffer.length)) >= 0; ) {
      text.write(buffer, 0, count);
      if (text.size() > LONGEST) {
        throw new CommandException(1, "cannot run 'ps': its output does not end");
      }
    }
    return text.toString(StandardCharsets.UTF_8);
  }
}
