package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.runtime.criu.CriuField;
import io.kapsel.runtime.criu.CriuMessage;
import java.util.List;
import java.util.stream.Stream;

/**
 * The first three descriptors of a container that is frozen. Pipes are of those who watch it: when
 * it is brought back, those of its new watcher take their places, by their names.
 */
public final class FrozenStreams {
  private FrozenStreams() {}

  /** Their targets in /proc; an empty one where there is none. */
  public static List<String> of(int pid) {
    return Stream.of("0", "1", "2").map(number -> target(pid, number)).toList();
  }

  private static String target(int pid, String number) {
    try (Fd directory = Open.path("/proc/" + pid + "/fd", OpenFlags.READ | OpenFlags.DIRECTORY)) {
      return Entries.readLink(directory, number);
    } catch (SyscallException e) {
      return ""; // it has none
    }
  }

  /** Lets CRIU put its own standard streams in the place of those that were pipes. */
  public static void inherit(CriuMessage message, List<String> targets) {
    for (int number = 0; number < targets.size(); number++) {
      if (targets.get(number).startsWith("pipe:")) {
        message.message(
            CriuField.INHERIT, new CriuMessage().text(1, targets.get(number)).number(2, number));
      }
    }
  }
}
