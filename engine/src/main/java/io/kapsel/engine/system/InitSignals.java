package io.kapsel.engine.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Which signal asks an init to halt, found out by looking which it listens to. */
public final class InitSignals {
  /** SIGRTMIN+3, which systemd knows; SIGPWR, for sysvinit. */
  private static final List<Integer> HALTING = List.of(37, 30);

  private static final int USR2 = 12;
  private static final int TERM = 15;
  private static final int HUP = 1;
  private static final int INT = 2;
  private static final List<String> LISTENING = List.of("SigBlk:", "SigCgt:");
  private static final Duration PAUSE = Duration.ofMillis(20);

  private InitSignals() {}

  /** Whether an init that ended by that signal has halted its system; see reboot(2). */
  public static boolean isHalt(int signal) {
    return signal == INT;
  }

  /** Whether an init that ended by that signal has asked for a reboot; see reboot(2). */
  public static boolean isReboot(int signal) {
    return signal == HUP;
  }

  /** Whether the init with that pid says when it has booted; of the usual ones systemd does. */
  public static boolean tells(int pid) {
    try {
      return program(pid).endsWith("systemd");
    } catch (IOException e) {
      return true; // it is gone, and whoever waits is told that
    }
  }

  private static Path program(int pid) throws IOException {
    return Files.readSymbolicLink(Path.of("/proc", Integer.toString(pid), "exe"));
  }

  /**
   * The signal for the init with that pid. One that has only begun is waited for: the kernel drops
   * what the first process of a pid namespace does not listen to yet.
   */
  public static int halting(int pid, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    Optional<Integer> known = listening(pid);
    while (known.isEmpty() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(PAUSE.toNanos());
      known = listening(pid);
    }
    return known.orElse(TERM);
  }

  private static Optional<Integer> listening(int pid) {
    try {
      if (program(pid).endsWith("busybox")) {
        return Optional.of(USR2); // it waits for signals in a way that is not seen
      }
      long mask = mask(Files.readString(Path.of("/proc", Integer.toString(pid), "status")));
      return HALTING.stream().filter(signal -> (mask >>> (signal - 1) & 1) != 0).findFirst();
    } catch (IOException e) {
      return Optional.of(TERM); // it is gone
    }
  }

  /** The signals that a process blocks, to read them from a descriptor, or handles. */
  static long mask(String status) {
    return status
        .lines()
        .filter(line -> LISTENING.stream().anyMatch(line::startsWith))
        .mapToLong(
            line -> Long.parseUnsignedLong(line.substring(line.indexOf(':') + 1).strip(), 16))
        .reduce(0, (a, b) -> a | b);
  }
}
