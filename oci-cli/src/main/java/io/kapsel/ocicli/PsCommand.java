package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** {@code ps}: the processes of a container, as ps(1) of the host shows them. */
final class PsCommand implements Command {
  private static final int PRIVATE = 0600;

  @Override
  public String name() {
    return "ps";
  }

  @Override
  public String operands() {
    return "<container-id> [ps options]";
  }

  @Override
  public String meaning() {
    return "show the processes of a container";
  }

  @Override
  public Arity arity() {
    return Arity.atLeast(1);
  }

  @Override
  public List<Option> options() {
    return List.of(Option.of("format, f", "FORMAT", "table or json"));
  }

  @Override
  public int run(Call call) {
    Container container = call.store().find(call.id());
    List<Integer> pids = container.groups().processes();
    switch (call.words().last("format").orElse("table")) {
      case "json" ->
          call.caller()
              .out(
                  pids.isEmpty()
                      ? "null\n"
                      : pids.stream()
                          .map(each -> Integer.toString(each))
                          .collect(Collectors.joining(",", "[", "]\n")));
      case "table" -> {
        List<String> words = call.operands().subList(1, call.operands().size());
        call.caller().out(table(container, words.isEmpty() ? List.of("-ef") : words, pids));
      }
      default -> throw new OciException("invalid format option");
    }
    return 0;
  }

  private static String table(Container container, List<String> words, List<Integer> pids) {
    List<String> lines = ps(container.directory().resolve("ps.out"), words);
    int column = lines.isEmpty() ? -1 : fields(lines.getFirst()).indexOf("PID");
    if (column < 0) {
      throw new OciException("couldn't find PID field in ps output");
    }
    StringBuilder text = new StringBuilder(lines.getFirst()).append('\n');
    for (String line : lines.subList(1, lines.size())) {
      List<String> fields = fields(line);
      if (fields.size() > column && pids.contains(Integer.parseInt(fields.get(column)))) {
        text.append(line).append('\n');
      }
    }
    return text.toString();
  }

  private static List<String> fields(String line) {
    return Arrays.asList(line.strip().split("\\s+"));
  }

  private static List<String> ps(Path output, List<String> words) {
    List<String> arguments = new ArrayList<>(List.of("ps"));
    arguments.addAll(words);
    int flags = OpenFlags.WRITE | OpenFlags.CREATE | OpenFlags.TRUNCATE;
    try (Fd out = Open.create(output.toString(), flags, PRIVATE);
        Child child =
            Spawn.path("/bin/ps")
                .arguments(arguments)
                .environment(List.of("PATH=/usr/bin:/bin"))
                .descriptor(1, out)
                .descriptor(2, out)
                .start()) {
      int code = child.await().code();
      List<String> lines = Files.readAllLines(output);
      if (code != 0) {
        throw new OciException("exit status " + code + ": " + String.join("\n", lines));
      }
      return lines;
    } catch (IOException e) {
      throw new OciException("cannot read what ps says: " + AtomicFile.reason(e), e);
    } finally {
      remove(output);
    }
  }

  private static void remove(Path output) {
    try {
      Files.deleteIfExists(output);
    } catch (IOException e) {
      throw new OciException("cannot remove '" + output + "': " + AtomicFile.reason(e), e);
    }
  }
}
