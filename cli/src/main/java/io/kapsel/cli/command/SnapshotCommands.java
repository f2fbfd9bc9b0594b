package io.kapsel.cli.command;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code kapsel snapshot} and what stands below it, and {@code kapsel restore}. */
final class SnapshotCommands {
  private SnapshotCommands() {}

  static Command group(Clock clock) {
    Map<String, Command> all = new LinkedHashMap<>();
    all.put("create", new SnapshotCommand("snapshot create"));
    all.put("ls", new SnapshotListCommand(clock));
    all.put("rm", SnapshotChangeCommand.remove());
    return new GroupCommand(new SnapshotCommand("snapshot"), all);
  }

  static Command restore() {
    return SnapshotChangeCommand.restore();
  }
}
