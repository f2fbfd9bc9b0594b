package io.kapsel.engine;

import io.kapsel.runtime.ExitRecord;
import java.time.Instant;

/**
 * How a process has ended.
 *
 * @param code its exit code, or 128 and the number of the signal that ended it
 * @param signal that number, or 0
 * @param oomKilled whether the kernel killed something in the container for want of memory
 */
public record ExitStatus(int code, int signal, boolean oomKilled, Instant finishedAt) {
  private static final int SIGNALLED = 128;

  static ExitStatus of(ExitRecord record, boolean oomKilled) {
    return of(record.status().raw(), oomKilled, record.finished());
  }

  /** From what wait(2) reports. */
  public static ExitStatus of(int waitStatus, boolean oomKilled, Instant finishedAt) {
    int signal = waitStatus & 0x7f;
    int code = signal == 0 ? (waitStatus >> 8) & 0xff : SIGNALLED + signal;
    return new ExitStatus(code, signal, oomKilled, finishedAt);
  }
}
