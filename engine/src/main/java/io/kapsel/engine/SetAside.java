package io.kapsel.engine;

import io.kapsel.linux.host.HostFinding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What cannot be read and was put aside, or left where it is, for people to look at. */
final class SetAside {
  private static final String NAME = "set aside";
  private static final String MEND =
      "see the engine's log for what is wrong with it; remove it when nobody needs it";

  private SetAside() {}

  /** One finding for each. */
  static List<HostFinding> find(Path state, Volumes volumes) {
    List<HostFinding> all = new ArrayList<>();
    for (Path each : in(state.resolve("quarantine"))) {
      all.add(HostFinding.limited(NAME, "a container cannot be read: " + each, MEND));
    }
    for (Path each : in(state.resolve("networks"))) {
      if (each.getFileName().toString().contains(".json.damaged-")) {
        all.add(HostFinding.limited(NAME, "a network cannot be read: " + each, MEND));
      }
    }
    List<String> known = volumes.list().stream().map(Volume::name).toList();
    for (Path each : in(volumes.directory())) {
      if (!known.contains(each.getFileName().toString())) {
        all.add(HostFinding.limited(NAME, "a volume cannot be read: " + each, MEND));
      }
    }
    return all;
  }

  private static List<Path> in(Path directory) {
    try (Stream<Path> all = Files.list(directory)) {
      return all.sorted().toList();
    } catch (IOException e) {
      return List.of(); // there is none
    }
  }
}
