package io.kapsel.lxc;

import io.kapsel.base.ByteSize;
import io.kapsel.engine.Container;
import io.kapsel.network.Endpoint;
import io.kapsel.network.Joined;
import io.kapsel.runtime.Account;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Programs that show something. */
final class LxcLook {
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

  /** The settings of the system, with what they are where nobody says otherwise. */
  private static final Map<String, String> SETTINGS = settings();

  static final Map<String, LxcFront.Tool> TOOLS = tools();

  private LxcLook() {}

  private static Map<String, String> settings() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("lxc.default_config", "/etc/lxc/default.conf");
    all.put("lxc.lxcpath", LxcPlace.USUAL);
    all.put("lxc.bdev.lvm.vg", "lxc");
    all.put("lxc.bdev.lvm.thin_pool", "lxc");
    all.put("lxc.bdev.zfs.root", "lxc");
    all.put("lxc.cgroup.use", "");
    all.put("lxc.cgroup.pattern", "");
    return all;
  }

  private static Map<String, LxcFront.Tool> tools() {
    Map<String, LxcFront.Tool> all = new LinkedHashMap<>();
    all.put(
        "lxc-ls",
        new LxcFront.Tool(
            "1:line f:fancy F:fancy-format= :active :running :frozen :stopped :defined :filter="
                + " g:groups= :nesting?",
            false,
            "lists containers",
            LxcLook::list));
    all.put(
        "lxc-info",
        new LxcFront.Tool(
            "c:config= i:ips p:pid S:stats H:no-humanize s:state",
            true,
            "shows what a container is and does",
            LxcLook::info));
    all.put(
        "lxc-config",
        new LxcFront.Tool("l:list", false, "shows settings of the system", LxcLook::config));
    return all;
  }

  private static int list(LxcCall call) {
    LxcOptions options = call.options();
    if (options.has("nesting")) {
      throw new LxcException("containers in a container are shown by lxc-ls there: no --nesting");
    }
    Optional<Pattern> filter =
        options
            .last("filter")
            .or(() ->
                options.operands().size() == 1
                    ? Optional.of(options.operands().getFirst())
                    : Optional.empty())
            .map(LxcLook::pattern);
    List<String> names =
        call.place().names().stream()
            .filter(name -> isReadable(call, name))
            .filter(name -> filter.isEmpty() || filter.get().matcher(name).find())
            .filter(name -> isWanted(call, name))
            .toList();
    if (options.has("fancy")) {
      fancy(call, names);
    } else if (options.has("line")) {
      names.forEach(call::print);
    } else if (!names.isEmpty()) {
      int width = names.stream().mapToInt(String::length).reduce(NARROWEST, Math::max);
      names.forEach(name -> call.print(padded(name, width)));
    }
    return 0;
  }

  /** One that cannot be read is told, and hides no other. */
  private static boolean isReadable(LxcCall call, String name) {
    try {
      var _ = call.place().config(name);
      return true;
    } catch (LxcException e) {
      call.caller().err("Failed to load config for %s: %s\n".formatted(name, e.getMessage()));
      return false;
    }
  }

  private static Pattern pattern(String text) {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new LxcException("'" + text + "' is no regular expression: " + e.getDescription());
    }
  }

  private static boolean isWanted(LxcCall call, String name) {
    LxcOptions options = call.options();
    String state = call.place().state(name);
    boolean fits =
        (!options.has("active") || !state.equals("STOPPED"))
            && (!options.has("defined") || call.place().exists(name))
            && Stream.of("running", "frozen", "stopped")
                .filter(options::has)
                .allMatch(word -> state.equals(word.toUpperCase(Locale.ROOT)));
    List<String> groups =
        options.all("groups").stream().flatMap(it -> Arrays.stream(it.split(",", -1))).toList();
    return fits && (groups.isEmpty() || groups(call, name).containsAll(groups));
  }

  private static List<String> groups(LxcCall call, String name) {
    return call.place().config(name).stream().flatMap(config -> config.groups().stream()).toList();
  }

  private static void fancy(LxcCall call, List<String> names) {
    List<String> columns =
        List.of(
            call.options()
                .last("fancy-format")
                .orElse(USUAL)
                .toUpperCase(Locale.ROOT)
                .split(",", -1));
    Optional<String> none = columns.stream().filter(it -> !COLUMNS.contains(it)).findFirst();
    if (none.isPresent()) {
      call.caller().err("Invalid key: " + none.get() + "\n");
      return;
    }
    if (names.isEmpty()) {
      return;
    }
    List<List<String>> rows = new ArrayList<>(List.of(columns));
    names.forEach(name -> rows.add(columns.stream().map(it -> cell(call, name, it)).toList()));
    int[] widths = columns.stream().mapToInt(it -> OF_SIZE.contains(it) ? SIZE : 0).toArray();
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(padded(row.get(i), widths[i])).append(' ');
      }
      call.print(line.toString());
    }
  }

  private static String padded(String text, int width) {
    return text + " ".repeat(width - text.length());
  }

  private static String cell(LxcCall call, String name, String column) {
    Optional<Container> container = call.place().container(name);
    Optional<Container> running = call.place().running(name);
    return switch (column) {
      case "NAME" -> name;
      case "STATE" -> call.place().state(name);
      case "PID" -> running.flatMap(it -> it.status().pid()).map(Object::toString).orElse(NONE);
      case "RAM" -> running.map(it -> megabytes(it, "memory")).orElse(NONE);
      case "SWAP" -> running.map(it -> megabytes(it, "swap")).orElse(NONE);
      case "AUTOSTART" ->
          call.place().config(name).flatMap(it -> it.value("lxc.start.auto")).orElse("0");
      case "GROUPS" -> orNone(String.join(", ", groups(call, name)));
      case "INTERFACE" -> orNone(addresses(running, it -> Optional.of(it.inside())));
      case "IPV4" -> orNone(addresses(running, Endpoint::ipv4));
      case "IPV6" -> orNone(addresses(running, Endpoint::ipv6));
      default -> Boolean.toString(container.map(LxcLook::unprivileged).orElse(true));
    };
  }

  private static boolean unprivileged(Container container) {
    return !container.spec().privileged()
        && container.spec().userns() instanceof io.kapsel.engine.spec.NamespaceMode.Own;
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

  private static Optional<Account> account(Container container, String resource) {
    return container.measures().accounts().stream()
        .filter(each -> each.resource().equals(resource))
        .findFirst();
  }

  private static String megabytes(Container container, String resource) {
    return account(container, resource)
        .flatMap(Account::held)
        .map(bytes -> String.format(Locale.ROOT, "%.2fMB", bytes / 1048576.0))
        .orElse(NONE);
  }

  private static int info(LxcCall call) {
    String name = call.name();
    if (!call.place().exists(name)) {
      call.caller().err(name + " doesn't exist\n");
      return 1;
    }
    LxcOptions options = call.options();
    List<String> keys = options.all("config");
    boolean some =
        options.has("ips") || options.has("pid") || options.has("stats") || options.has("state");
    boolean all = !some && keys.isEmpty();
    boolean bare = options.has("no-humanize");
    if (all && !bare) {
      line(call, bare, "Name", name);
    }
    if (all || options.has("state")) {
      line(call, bare, "State", call.place().state(name));
    }
    Optional<Container> running = call.place().running(name);
    if (all || options.has("pid")) {
      running
          .flatMap(it -> it.status().pid())
          .ifPresent(pid -> line(call, bare, "PID", Integer.toString(pid)));
    }
    if (all || options.has("ips")) {
      for (Function<Endpoint, Optional<String>> kind :
          List.<Function<Endpoint, Optional<String>>>of(Endpoint::ipv4, Endpoint::ipv6)) {
        running.flatMap(Container::joined).map(Joined::endpoints).orElse(List.of()).stream()
            .flatMap(each -> kind.apply(each).stream())
            .forEach(address -> line(call, bare, "IP", address));
      }
    }
    if (all || options.has("stats")) {
      running.ifPresent(it -> stats(call, it, bare));
    }
    keys.forEach(key -> key(call, key));
    return 0;
  }

  private static void stats(LxcCall call, Container container, boolean bare) {
    account(container, "cpu")
        .flatMap(Account::held)
        .ifPresent(micros ->
            line(
                call,
                bare,
                "CPU use",
                bare
                    ? Long.toString(micros * 1000)
                    : String.format(Locale.ROOT, "%.2f seconds", micros / 1e6)));
    bytes(call, container, "memory", "Memory use", bare);
    bytes(call, container, "kmem", "KMem use", bare);
  }

  private static void bytes(
      LxcCall call, Container container, String resource, String title, boolean bare) {
    account(container, resource)
        .flatMap(Account::held)
        .filter(bytes -> bytes > 0)
        .ifPresent(bytes ->
            line(call, bare, title, bare ? Long.toString(bytes) : ByteSize.printBinary(bytes)));
  }

  private static void line(LxcCall call, boolean bare, String title, String value) {
    call.print(bare ? value : padded(title + ":", 15) + " " + value);
  }

  /** With its name in any case, as LXC does. */
  private static void key(LxcCall call, String key) {
    LxcConfig config = call.place().config(call.name()).orElseGet(() -> new LxcConfig(List.of()));
    Optional<String> shown = LxcShown.of(config, key);
    if (shown.isEmpty()) {
      call.caller().err(key + " invalid\n");
    } else {
      call.print(key + (shown.get().isEmpty() ? " =" : " = " + shown.get()));
    }
  }

  private static int config(LxcCall call) {
    if (call.options().has("list")) {
      SETTINGS.keySet().forEach(call::print);
      return 0;
    }
    if (call.options().operands().isEmpty()) {
      throw new LxcException("lxc-config: a setting must be named, or --list");
    }
    String key = call.options().operands().getFirst();
    String usual = SETTINGS.get(key);
    if (usual == null) {
      call.print("Unknown configuration item: " + key);
      return 1;
    }
    call.print(LxcFront.setting(key).orElse(usual));
    return 0;
  }
}
