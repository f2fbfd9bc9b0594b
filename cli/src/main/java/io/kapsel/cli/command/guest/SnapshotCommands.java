package io.kapsel.cli.command.guest;

import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.GroupCommand;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code kapsel snapshot} and what stands below it, and {@code kapsel restore}. */
public final class SnapshotCommands {
  private SnapshotCommands() {}

  public static Command group(Clock clock) {
    Map<String, Command> all = new LinkedHashMap<>();
    all.put("create", new SnapshotCommand("snapshot create"));
    all.put("ls", new SnapshotListCommand(clock));
    all.put("rm", SnapshotChangeCommand.remove());
    return new GroupCommand(new SnapshotCommand("snapshot"), all);
  }

  public static Command restore() {
    return SnapshotChangeCommand.restore();
  }
}
