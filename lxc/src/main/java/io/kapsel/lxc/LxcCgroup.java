package io.kapsel.lxc;

import io.kapsel.engine.EngineException;
import io.kapsel.engine.Measures;
import java.util.List;

/** {@code lxc-cgroup}: one file of the control groups of a container that runs. */
final class LxcCgroup {
  private LxcCgroup() {}

  static int run(LxcCall call) {
    List<String> words = call.options().operands();
    if (words.isEmpty()) {
      throw new LxcException("lxc-cgroup: could not parse command line");
    }
    Measures measures = call.running().measures();
    String file = words.getFirst();
    if (words.size() > 1) {
      set(call, measures, file, words.get(1));
      return 0;
    }
    String place = call.place().directory() + ":" + call.name();
    String value =
        measures
            .group(file)
            .orElseThrow(() ->
                new LxcException(
                    "Failed to retrieve value of '%s' for '%s'".formatted(file, place)));
    call.print(value + "\n"); // LXC shows the end of the file's line, and ends its own
    return 0;
  }

  private static void set(LxcCall call, Measures measures, String file, String value) {
    try {
      measures.group(file, value);
    } catch (EngineException e) {
      throw new LxcException(
          "Failed to assign '%s' value to '%s' for '%s': %s"
              .formatted(value, file, call.name(), e.getMessage()));
    }
  }
}
