package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.linux.SyscallException;
import io.kapsel.network.Endpoint;
import io.kapsel.network.Joined;
import io.kapsel.runtime.Account;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code lxc-ls}: containers, and those in them if that is wanted. */
final class LxcList {
  private static final String NONE = "-";
  private static final int NARROWEST = "NAME".length();
  private static final Set<String> OF_SIZE = Set.of("RAM", "SWAP");

  /** A column of sizes is as wide as none, 0.00MB. */
  private static final int SIZE = 6;

  private static final String USUAL = "NAME,STATE,AUTOSTART,GROUPS,IPV4,IPV6,UNPRIVILEGED";
  private static final Set<String> COLUMNS =
      Set.of(
          "NAME",
          "STATE",
          "PID",
          "RAM",
          "SWAP",
          "AUTOSTART",
          "GROUPS",
          "INTERFACE",
          "IPV4",
          "IPV6",
          "UNPRIVILEGED");

  /** So many levels of containers in containers are shown unless another number is said. */
  private static final int DEEPEST = 5;

  /** Whoever fills a container decides how many seem to be in it. */
  private static final int MOST_INSIDE = 1024;

  private final LxcCall call;
  private final LxcOptions options;
  private final Optional<Pattern> filter;
  private final int deepest;
  private final List<Row> rows = new ArrayList<>();
  private int left;

  /**
   * A container in a list.
   *
   * @param name with those of the containers that it is in
   * @param level of containers around it
   * @param own its name there
   */
  private record Row(String name, int level, String own, UnaryOperator<String> cell) {
    String column(String title) {
      return title.equals("NAME") ? marked() : cell.apply(title);
    }

    private String marked() {
      return level == 0 ? own : " ".repeat(level - 1) + "\\" + own;
    }

    /** As wide as with marks, which Debian's leaves room for here, too. */
    int width() {
      return name.length() + level;
    }
  }

  LxcList(LxcCall call) {
    this.call = call;
    this.options = call.options();
    List<String> words = options.operands();
    this.filter =
        options
            .last("filter")
            .or(() -> words.size() == 1 ? Optional.of(words.getFirst()) : Optional.empty())
            .map(LxcList::pattern);
    this.deepest = options.last("nesting").map(LxcList::levels).orElse(0);
  }

  static int run(LxcCall call) {
    LxcList list = new LxcList(call);
    list.collect();
    list.show();
    return 0;
  }

  private static Pattern pattern(String text) {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new LxcException("'" + text + "' is no regular expression: " + e.getDescription());
    }
  }

  private static int levels(String text) {
    if (!text.matches("\\d{0,3}")) {
      throw new LxcException("'" + text + "' in --nesting is no number of levels");
    }
    return text.isEmpty() ? DEEPEST : Integer.parseInt(text);
  }

  private void collect() {
    for (String name : call.place().names()) {
      if (isReadable(name) && isWanted(name, call.place().state(name), () -> groups(name))) {
        rows.add(new Row(name, 0, name, column -> cell(name, column)));
        collect(name, allowance -> LxcNested.in(call.place(), name, allowance));
      }
    }
  }

  /** All that are in one of this machine. */
  void collect(String outer, Function<LxcNested.Allowance, List<LxcNested>> inside) {
    left = MOST_INSIDE;
    int most = LxcNested.Allowance.MOST >> 10;
    LxcNested.Allowance allowance =
        new LxcNested.Allowance(
            () -> call.caller().err("No more than %s KiB are read of %s\n".formatted(most, outer)));
    nested(outer, 1, () -> inside.apply(allowance));
  }

  private void nested(String outer, int level, Supplier<List<LxcNested>> inside) {
    if (level > deepest || left < 0) {
      return;
    }
    List<LxcNested> found;
    try {
      found = inside.get();
    } catch (EngineException
        | SyscallException
        | LxcException
        | IllegalArgumentException e) { // what is in there may make no sense, and hides no other
      String reason = LxcNested.shown(String.valueOf(e.getMessage()));
      call.caller().err("Failed to look into %s: %s\n".formatted(outer, reason));
      return;
    }
    for (LxcNested each : found) {
      if (isCrowded(outer)) {
        return;
      }
      if (isWanted(each.name(), each.state(), each::groups)) {
        String name = outer + "/" + each.name();
        rows.add(new Row(name, level, each.name(), column -> each.cell(column, NONE)));
        nested(name, level + 1, () -> each.nested(name));
      }
    }
  }

  private boolean isCrowded(String outer) {
    if (left == 0) {
      call.caller().err("No more than %s are shown of %s\n".formatted(MOST_INSIDE, outer));
    }
    left--;
    return left < 0;
  }

  /** One that cannot be read is told, and hides no other. */
  private boolean isReadable(String name) {
    try {
      var _ = call.place().config(name);
      return true;
    } catch (LxcException e) {
      call.caller().err("Failed to load config for %s: %s\n".formatted(name, e.getMessage()));
      return false;
    }
  }

  private boolean isWanted(String name, String state, Supplier<List<String>> groups) {
    boolean fits =
        (filter.isEmpty() || filter.get().matcher(name).find())
            && (!options.has("active") || !state.equals("STOPPED"))
            && Stream.of("running", "frozen", "stopped")
                .filter(options::has)
                .allMatch(word -> state.equals(word.toUpperCase(Locale.ROOT)));
    List<String> wanted =
        options.all("groups").stream().flatMap(it -> Arrays.stream(it.split(",", -1))).toList();
    return fits && (wanted.isEmpty() || groups.get().containsAll(wanted));
  }

  private List<String> groups(String name) {
    return call.place().config(name).stream().flatMap(config -> config.groups().stream()).toList();
  }

  void show() {
    if (options.has("fancy")) {
      table();
    } else if (options.has("line")) {
      rows.forEach(row -> call.print(row.name()));
    } else {
      int width = rows.stream().mapToInt(Row::width).reduce(NARROWEST, Math::max);
      rows.forEach(row -> call.print(LxcLook.padded(row.name(), width)));
    }
  }

  private void table() {
    List<String> columns =
        List.of(options.last("fancy-format").orElse(USUAL).toUpperCase(Locale.ROOT).split(",", -1));
    Optional<String> none = columns.stream().filter(it -> !COLUMNS.contains(it)).findFirst();
    if (none.isPresent()) {
      call.caller().err("Invalid key: " + none.get() + "\n");
      return;
    }
    if (rows.isEmpty()) {
      return;
    }
    List<List<String>> lines = new ArrayList<>(List.of(columns));
    rows.forEach(row -> lines.add(columns.stream().map(row::column).toList()));
    int[] widths = columns.stream().mapToInt(it -> OF_SIZE.contains(it) ? SIZE : 0).toArray();
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        text.append(LxcLook.padded(line.get(i), widths[i])).append(' ');
      }
      call.print(text.toString());
    }
  }

  private String cell(String name, String column) {
    Optional<Container> container = call.place().container(name);
    Optional<Container> running = call.place().running(name);
    return switch (column) {
      case "STATE" -> call.place().state(name);
      case "PID" -> running.flatMap(it -> it.status().pid()).map(Object::toString).orElse(NONE);
      case "RAM" -> running.map(it -> megabytes(it, "memory")).orElse(NONE);
      case "SWAP" -> running.map(it -> megabytes(it, "swap")).orElse(NONE);
      case "AUTOSTART" ->
          call.place().config(name).flatMap(it -> it.value("lxc.start.auto")).orElse("0");
      case "GROUPS" -> orNone(String.join(", ", groups(name)));
      case "INTERFACE" -> orNone(addresses(running, it -> Optional.of(it.inside())));
      case "IPV4" -> orNone(addresses(running, Endpoint::ipv4));
      case "IPV6" -> orNone(addresses(running, Endpoint::ipv6));
      default -> Boolean.toString(container.map(LxcList::unprivileged).orElse(true));
    };
  }

  private static boolean unprivileged(Container container) {
    return !container.spec().privileged() && container.spec().userns() instanceof NamespaceMode.Own;
  }

  private static String orNone(String text) {
    return text.isEmpty() ? NONE : text;
  }

  private static String addresses(
      Optional<Container> running, Function<Endpoint, Optional<String>> kind) {
    return running.flatMap(Container::joined).map(Joined::endpoints).orElse(List.of()).stream()
        .flatMap(each -> kind.apply(each).stream())
        .collect(Collectors.joining(", "));
  }

  private static String megabytes(Container container, String resource) {
    return LxcLook.account(container, resource)
        .flatMap(Account::held)
        .map(bytes -> String.format(Locale.ROOT, "%.2fMB", bytes / 1048576.0))
        .orElse(NONE);
  }
}
