package io.kapsel.lxc;

import io.kapsel.base.ByteSize;
import io.kapsel.engine.Container;
import io.kapsel.network.Endpoint;
import io.kapsel.network.Joined;
import io.kapsel.runtime.Account;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Programs that show something. */
final class LxcLook {
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
            LxcList::run));
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

  static Optional<Account> account(Container container, String resource) {
    return container.measures().accounts().stream()
        .filter(each -> each.resource().equals(resource))
        .findFirst();
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

  static String padded(String text, int width) {
    return text + " ".repeat(width - text.length());
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
