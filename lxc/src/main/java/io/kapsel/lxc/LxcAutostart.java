package io.kapsel.lxc;

import io.kapsel.engine.Container;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@code lxc-autostart}: what is to run when the machine does, in its order. */
final class LxcAutostart {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** One that is chosen. */
  private record Chosen(String name, int order, int delay) {}

  private LxcAutostart() {}

  static int run(LxcCall call) {
    List<Chosen> all = chosen(call);
    LxcOptions options = call.options();
    boolean ends = options.has("shutdown") || options.has("kill");
    for (Chosen each : ends ? all.reversed() : all) {
      if (options.has("list")) {
        call.print(each.name() + " " + each.delay());
      } else {
        int _ = call.caller().waiting(() -> act(call, each));
      }
    }
    return 0;
  }

  private static int act(LxcCall call, Chosen chosen) throws InterruptedException {
    LxcOptions options = call.options();
    boolean running = call.place().isRunning(chosen.name());
    Optional<Container> container = call.place().container(chosen.name());
    Optional<Duration> patience =
        Optional.of(options.seconds("timeout").map(Duration::ofSeconds).orElse(PATIENCE));
    if (options.has("kill") || options.has("shutdown")) {
      if (running) {
        container
            .orElseThrow()
            .stop(options.has("kill") ? Optional.of(9) : Optional.empty(), patience);
      }
    } else if (options.has("reboot")) {
      if (running) {
        container.orElseThrow().restart(Optional.empty(), patience);
      }
    } else if (!running) {
      call.place().current(chosen.name(), List.of()).start();
      if (chosen.delay() > 0) {
        java.util.concurrent.TimeUnit.SECONDS.sleep(chosen.delay());
      }
    }
    return 0;
  }

  private static List<Chosen> chosen(LxcCall call) {
    LxcOptions options = call.options();
    List<Chosen> all = new ArrayList<>();
    for (String name : call.place().names()) {
      Optional<LxcConfig> config = call.place().config(name);
      if (config.isEmpty()) {
        continue;
      }
      boolean auto = config.get().value("lxc.start.auto").filter("1"::equals).isPresent();
      if ((auto || options.has("ignore-auto"))
          && (options.has("all") || fits(options, config.get()))) {
        all.add(
            new Chosen(
                name,
                number(config.get(), "lxc.start.order"),
                number(config.get(), "lxc.start.delay")));
      }
    }
    all.sort(Comparator.comparingInt(Chosen::order).thenComparing(Chosen::name));
    return all;
  }

  /** Without a group, those that are in none. */
  private static boolean fits(LxcOptions options, LxcConfig config) {
    Set<String> groups = new HashSet<>();
    config.all("lxc.group").forEach(each -> groups.addAll(LxcFront.list(each.value())));
    Set<String> wanted = new HashSet<>();
    options.all("groups").forEach(each -> wanted.addAll(List.of(each.split(",", -1))));
    if (wanted.isEmpty()) {
      wanted.add("");
    }
    return groups.isEmpty() ? wanted.contains("") : groups.stream().anyMatch(wanted::contains);
  }

  private static int number(LxcConfig config, String key) {
    return config
        .last(key)
        .map(entry -> {
          if (!entry.value().matches("-?\\d{1,9}")) {
            throw entry.wrong("'" + entry.value() + "' is no number");
          }
          return Integer.valueOf(entry.value());
        })
        .orElse(0);
  }
}
