package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** {@code list}: all containers below the root. */
final class ListCommand implements Command {
  private static final int NARROWEST = 12;
  private static final int GAP = 3;

  @Override
  public String name() {
    return "list";
  }

  @Override
  public String operands() {
    return "";
  }

  @Override
  public String meaning() {
    return "list the containers";
  }

  @Override
  public Arity arity() {
    return Arity.NONE;
  }

  @Override
  public List<Option> options() {
    return List.of(
        Option.of("format, f", "FORMAT", "table or json"),
        Option.toggle("quiet, q", "only the ids"));
  }

  @Override
  public int run(Call call) {
    Store store = call.store();
    if (call.global().last("root").isPresent() && !Files.isDirectory(store.directory())) {
      throw new OciException("open " + store.shown() + ": no such file or directory");
    }
    List<Kept.Shown> all = new ArrayList<>();
    store.all().forEach(container -> all.add(owned(container)));
    if (call.words().is("quiet")) {
      all.forEach(each -> call.caller().out(each.id() + "\n"));
      return 0;
    }
    switch (call.words().last("format").orElse("table")) {
      case "table" -> call.caller().out(table(all));
      case "json" -> call.caller().out(json(all));
      default -> throw new OciException("invalid format option");
    }
    return 0;
  }

  private static Kept.Shown owned(Container container) {
    Kept.Shown shown = container.shown();
    String owner;
    try {
      owner = Files.getOwner(container.directory()).getName();
    } catch (IOException e) {
      throw new OciException(
          "cannot read '" + container.directory() + "': " + AtomicFile.reason(e), e);
    }
    return new Kept.Shown(
        shown.ociVersion(),
        shown.id(),
        shown.pid(),
        shown.status(),
        shown.bundle(),
        shown.rootfs(),
        shown.created(),
        shown.annotations(),
        owner);
  }

  private static String json(List<Kept.Shown> all) {
    return all.isEmpty()
        ? "null\n"
        : all.stream()
            .map(each -> new String(Json.write(each), StandardCharsets.UTF_8))
            .collect(Collectors.joining(",", "[", "]\n"));
  }

  private static String table(List<Kept.Shown> all) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"));
    for (Kept.Shown each : all) {
      rows.add(
          List.of(
              each.id(),
              Integer.toString(each.pid()),
              each.status(),
              each.bundle(),
              each.created(),
              each.owner()));
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      for (int column = 0; column < row.size(); column++) {
        text.append(row.get(column));
        if (column < row.size() - 1) {
          text.append(" ".repeat(width(rows, column) - row.get(column).length()));
        }
      }
      text.append('\n');
    }
    return text.toString();
  }

  private static int width(List<List<String>> rows, int column) {
    int longest = rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    return Math.max(NARROWEST, longest + GAP);
  }
}
