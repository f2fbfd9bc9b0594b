package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.EngineException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** {@code lxc-autostart}: what is to run when the machine does, in its order. */
final class LxcAutostart {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** One that is chosen. */
  private record Chosen(String name, int order, int delay, List<String> groups) {}

  private final LxcCall call;
  private int failed;

  private LxcAutostart(LxcCall call) {
    this.call = call;
  }

  static int run(LxcCall call) {
    return new LxcAutostart(call).run();
  }

  private int run() {
    LxcOptions options = call.options();
    var _ = options.seconds("timeout"); // says what is wrong with it
    int done = 0;
    for (Chosen each : ordered()) {
      if (!options.has("list")) {
        done += call.caller().waiting(() -> acted(each)) ? 1 : 0;
      } else if (call.place().isRunning(each.name()) == concernsRunning()) {
        call.print(each.name() + " " + each.delay());
      }
    }
    if (failed == 0) {
      return 0;
    }
    return done == 0 ? 1 : 2;
  }

  /** One that fails is told, and keeps no other from what is to happen to it. */
  private void tell(String name, RuntimeException e) {
    failed++;
    if (!call.options().has("quiet")) {
      call.caller().err("%s: %s: %s\n".formatted(call.program(), name, e.getMessage()));
    }
  }

  private boolean acted(Chosen chosen) throws InterruptedException {
    try {
      act(call.of(chosen.name()), chosen);
      return true;
    } catch (LxcException | EngineException e) {
      tell(chosen.name(), e);
      return false;
    }
  }

  private static void act(LxcCall call, Chosen chosen) throws InterruptedException {
    LxcOptions options = call.options();
    Optional<Container> running = call.place().running(call.name());
    Optional<Duration> patience =
        Optional.of(options.seconds("timeout").map(Duration::ofSeconds).orElse(PATIENCE));
    if (options.has("kill") || options.has("shutdown")) {
      if (running.isPresent()) {
        running.get().stop(options.has("kill") ? Optional.of(9) : Optional.empty(), patience);
      }
    } else if (options.has("reboot")) {
      if (running.isPresent()) {
        running.get().restart(Optional.empty(), patience);
      }
    } else if (running.isEmpty()) {
      int _ = LxcLife.start(call);
      TimeUnit.SECONDS.sleep(chosen.delay());
    }
  }

  /** Whether it is about what runs already. */
  private boolean concernsRunning() {
    return List.of("shutdown", "kill", "reboot").stream().anyMatch(call.options()::has);
  }

  /** Group after group as they are asked for, and by the order of starts in each. */
  private List<Chosen> ordered() {
    List<Chosen> all = chosen();
    Set<Chosen> ordered = new LinkedHashSet<>();
    for (String group : wanted()) {
      all.stream().filter(each -> isIn(each, group)).forEach(ordered::add);
    }
    List<Chosen> result = new ArrayList<>(ordered);
    boolean ends = call.options().has("shutdown") || call.options().has("kill");
    return ends ? result.reversed() : result;
  }

  private boolean isIn(Chosen chosen, String group) {
    return call.options().has("all")
        || (chosen.groups().isEmpty() ? group.isEmpty() : chosen.groups().contains(group));
  }

  /** Without a group, those that are in none. */
  private Set<String> wanted() {
    Set<String> wanted = new LinkedHashSet<>();
    call.options().all("groups").forEach(each -> wanted.addAll(List.of(each.split(",", -1))));
    return wanted.isEmpty() ? Set.of("") : wanted;
  }

  private List<Chosen> chosen() {
    List<Chosen> all = new ArrayList<>();
    for (String name : call.place().names()) {
      try {
        call.place().config(name).flatMap(config -> chosen(name, config)).ifPresent(all::add);
      } catch (LxcException e) {
        tell(name, e);
      }
    }
    all.sort(Comparator.comparingInt(Chosen::order).thenComparing(Chosen::name));
    return all;
  }

  private Optional<Chosen> chosen(String name, LxcConfig config) {
    boolean auto = config.value("lxc.start.auto").filter("1"::equals).isPresent();
    return auto || call.options().has("ignore-auto")
        ? Optional.of(
            new Chosen(
                name,
                number(config, "lxc.start.order"),
                number(config, "lxc.start.delay"),
                config.groups()))
        : Optional.empty();
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
