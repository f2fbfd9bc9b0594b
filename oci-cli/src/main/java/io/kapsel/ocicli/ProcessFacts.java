package io.kapsel.ocicli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What /proc says of processes; proc_pid_stat(5). */
final class ProcessFacts {
  private static final int STATE = 0;
  private static final int START_TIME = 19;
  static final long GONE = -1;

  private ProcessFacts() {}

  static String bootId() {
    return read(Path.of("/proc/sys/kernel/random/boot_id")).strip();
  }

  /** When it was started, in clock ticks since the boot; -1 for one that has ended. */
  static long started(int pid) {
    String stat = read(Path.of("/proc", Integer.toString(pid), "stat"));
    int end = stat.lastIndexOf(')'); // a name may hold anything
    if (end < 0) {
      return GONE;
    }
    String[] fields = stat.substring(end + 2).split(" ");
    boolean ended = fields[STATE].equals("Z") || fields[STATE].equals("X");
    return ended ? GONE : Long.parseLong(fields[START_TIME]);
  }

  /** The text of a file of /proc, empty when there is none. */
  static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
