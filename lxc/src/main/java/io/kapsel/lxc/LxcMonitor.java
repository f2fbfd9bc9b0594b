package io.kapsel.lxc;

import io.kapsel.engine.Event;
import io.kapsel.engine.Events;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** {@code lxc-monitor}: each change of a state, in LXC's words, until nobody listens. */
final class LxcMonitor {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private LxcMonitor() {}

  static int run(LxcCall call) {
    if (call.options().has("quit")) {
      return 0; // the engine tells; there is no lxc-monitord that could be told to end
    }
    Pattern names = pattern(call.name().isEmpty() ? ".*" : call.name());
    List<LxcPlace> places = places(call);
    Events.Reader events = call.engine().events().next();
    while (!events.ended()) {
      call.caller()
          .waiting(() -> events.next(PATIENCE))
          .ifPresent(event -> tell(call, places, names, event));
    }
    return 0;
  }

  /** There may be several. */
  private static List<LxcPlace> places(LxcCall call) {
    List<String> said = call.options().all("lxcpath");
    return said.isEmpty()
        ? List.of(call.place())
        : said.stream()
            .map(it -> call.caller().directory().resolve(it).normalize())
            .map(it -> new LxcPlace(call.engine(), it))
            .toList();
  }

  private static Pattern pattern(String text) {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new LxcException("failed to compile the regex '" + text + "': " + e.getDescription());
    }
  }

  private static void tell(LxcCall call, List<LxcPlace> places, Pattern names, Event event) {
    String name = event.attributes().getOrDefault("name", "");
    if (!event.type().equals("container")
        || !names.matcher(name).matches()
        || places.stream().allMatch(it -> it.container(name).isEmpty())) {
      return;
    }
    if (event.action().equals("die")) {
      call.print(
          "'%s' exited with status [%s]"
              .formatted(name, event.attributes().getOrDefault("exitCode", "0")));
    }
    states(event.action())
        .forEach(state -> call.print("'%s' changed state to [%s]".formatted(name, state)));
  }

  private static List<String> states(String action) {
    return switch (action) {
      case "start" -> List.of("STARTING", "RUNNING");
      case "pause" -> List.of("FREEZING", "FROZEN");
      case "unpause" -> List.of("THAWED", "RUNNING");
      case "die" -> List.of("STOPPING", "STOPPED");
      default -> List.of();
    };
  }
}
