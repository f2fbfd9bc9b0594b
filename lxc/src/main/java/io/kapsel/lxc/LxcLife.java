package io.kapsel.lxc;

import io.kapsel.engine.Container;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Events;
import io.kapsel.linux.process.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Programs that start and end containers, wait for that, and enter them. */
final class LxcLife {
  private static final Set<String> STATES =
      Set.of(
          "STOPPED", "STARTING", "RUNNING", "STOPPING", "ABORTING", "FREEZING", "FROZEN", "THAWED");

  /** How long LXC waits for a clean end. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final int KILL = 9;

  static final Map<String, LxcFront.Tool> TOOLS = tools();

  private LxcLife() {}

  private static Map<String, LxcFront.Tool> tools() {
    Map<String, LxcFront.Tool> all = new LinkedHashMap<>();
    all.put(
        "lxc-start",
        new LxcFront.Tool(
            "d:daemon F:foreground p:pidfile= f:rcfile= c:console= L:console-log= s:define="
                + " C:close-all-fds :share-net= :share-ipc= :share-uts= :share-pid=",
            true,
            "starts a container",
            LxcLife::start));
    all.put(
        "lxc-stop",
        new LxcFront.Tool(
            "r:reboot W:nowait t:timeout= k:kill :nolock :nokill",
            true,
            "stops a container",
            LxcLife::stop));
    all.put(
        "lxc-attach",
        new LxcFront.Tool(
            "e:elevated-privileges? a:arch= :clear-env :keep-env v:set-var= :keep-var= f:rcfile="
                + " u:uid= g:gid= c:context= s:namespaces= R:remount-sys-proc L:pty-log=",
            true,
            "runs a command in a container",
            LxcAttach::run));
    all.put(
        "lxc-console",
        new LxcFront.Tool(
            "t:tty= e:escape=", true, "shows a terminal of a container", LxcConsole::show));
    all.put(
        "lxc-freeze",
        new LxcFront.Tool("", true, "stops all processes where they are", LxcLife::freeze));
    all.put(
        "lxc-unfreeze", new LxcFront.Tool("", true, "lets all processes go on", LxcLife::unfreeze));
    all.put(
        "lxc-wait",
        new LxcFront.Tool("s:state= t:timeout=", true, "waits for a state", LxcLife::await));
    all.put(
        "lxc-autostart",
        new LxcFront.Tool(
            "k:kill L:list r:reboot s:shutdown a:all A:ignore-auto g:groups= t:timeout=",
            false,
            "starts what is to run, or ends it",
            LxcAutostart::run));
    return all;
  }

  static int start(LxcCall call) {
    if (!call.place().exists(call.name()) && !call.options().has("rcfile")) {
      throw new LxcException("No container config specified");
    }
    if (call.place().isRunning(call.name())) {
      throw new LxcException("Container is already running");
    }
    Container container = call.place().current(call.name(), call.source(defined(call)));
    if (call.options().has("foreground")) {
      return call.caller().foreground(container);
    }
    started(call, container);
    call.options().last("pidfile").ifPresent(file -> writePid(call, container, file));
    return 0;
  }

  /** What the command line says in other words than keys. */
  private static List<String> defined(LxcCall call) {
    List<String> all = new ArrayList<>(call.options().all("define"));
    call.path("console").ifPresent(it -> all.add("lxc.console.path=" + it));
    call.path("console-log").ifPresent(it -> all.add("lxc.console.logfile=" + it));
    for (String kind : List.of("net", "ipc", "uts", "pid")) {
      call.options()
          .last("share-" + kind)
          .ifPresent(it -> all.add("lxc.namespace.share." + kind + "=" + it));
    }
    List<String> command = call.options().operands();
    command.stream()
        .filter(word -> word.isEmpty() || word.chars().anyMatch(Character::isWhitespace))
        .findFirst()
        .ifPresent(word -> {
          throw new LxcException("'" + word + "' cannot be a word of lxc.init.cmd; use a script");
        });
    if (!command.isEmpty()) {
      all.add("lxc.init.cmd=" + String.join(" ", command));
    }
    return all;
  }

  /** Where a hook ends what runs already, that end belongs to the failure. */
  private static void started(LxcCall call, Container container) {
    try {
      container.start();
    } catch (EngineException e) {
      if (call.place().isRunning(call.name())) {
        var _ = call.caller().waiting(container::await);
      }
      throw e;
    }
  }

  private static void writePid(LxcCall call, Container container, String file) {
    try {
      Files.writeString(
          call.caller().directory().resolve(file),
          container.status().pid().map(Object::toString).orElse("") + "\n");
    } catch (IOException e) {
      throw new LxcException("cannot write '" + file + "': " + e.getMessage());
    }
  }

  /** What its configuration has for a moment; {@code halt} is known to the engine. */
  private static Optional<Integer> signal(LxcCall call, String moment) {
    return call.place()
        .config(call.name())
        .flatMap(config -> config.value("lxc.signal." + moment))
        .flatMap(Signal::parse)
        .map(Signal::number);
  }

  private static int stop(LxcCall call) {
    if (!call.place().isRunning(call.name())) {
      throw new LxcException(2, call.name() + " is not running");
    }
    Container container = call.running();
    LxcOptions options = call.options();
    if (options.has("reboot")) {
      return call.caller()
          .waiting(() -> {
            container.restart(signal(call, "reboot"), Optional.empty());
            return 0;
          });
    }
    Duration patience = options.seconds("timeout").map(Duration::ofSeconds).orElse(PATIENCE);
    if (options.has("nokill")) {
      patience = Duration.ofSeconds(-1);
    }
    Optional<Integer> signal =
        options.has("kill") ? signal(call, "stop").or(() -> Optional.of(KILL)) : Optional.empty();
    Duration wait = patience;
    if (options.has("nowait")) {
      Thread.ofVirtual().name("stop").start(() -> stopped(container, signal, wait));
      return 0;
    }
    return call.caller()
        .waiting(() -> {
          container.stop(signal, Optional.of(wait));
          return 0;
        });
  }

  private static void stopped(Container container, Optional<Integer> signal, Duration patience) {
    try {
      container.stop(signal, Optional.of(patience));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int freeze(LxcCall call) {
    Container container = stoppable(call, "freeze");
    if (!container.status().paused()) {
      container.pause();
    }
    return 0;
  }

  private static int unfreeze(LxcCall call) {
    if (call.place().exists(call.name()) && !call.place().isRunning(call.name())) {
      return 0; // nothing of it stands still
    }
    Container container = stoppable(call, "unfreeze");
    if (container.status().paused()) {
      container.unpause();
    }
    return 0;
  }

  private static Container stoppable(LxcCall call, String action) {
    return call.place()
        .running(call.name())
        .orElseThrow(() ->
            new LxcException(
                "Failed to %s %s:%s".formatted(action, call.place().directory(), call.name())));
  }

  private static int await(LxcCall call) {
    String asked = call.options().last("state").orElse("");
    Set<String> states = new TreeSet<>(Arrays.asList(asked.split("\\|", -1)));
    if (!STATES.containsAll(states)) {
      throw new LxcException("'" + asked + "' are not states; there are " + new TreeSet<>(STATES));
    }
    int seconds = call.options().seconds("timeout").orElse(-1);
    long end =
        seconds < 0 ? Long.MAX_VALUE : System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    Events.Reader events = call.engine().events().next();
    boolean reached = call.caller().waiting(() -> reached(call, states, events, end));
    return reached ? 0 : 1;
  }

  private static boolean reached(LxcCall call, Set<String> states, Events.Reader events, long end)
      throws InterruptedException {
    while (!states.contains(call.place().state(call.name()))) {
      Duration left =
          end == Long.MAX_VALUE ? Duration.ofSeconds(1) : Duration.ofNanos(end - System.nanoTime());
      if (left.isNegative() || left.isZero() || events.ended()) {
        return false;
      }
      var _ = events.next(left);
    }
    return true;
  }
}
