package io.kapsel.linux.process;

/** How a process ended, as wait(2) encodes it. */
public record WaitStatus(int raw) {
  private static final int CORE_DUMPED = 0x80;

  /** Ended by itself with that code. */
  public static WaitStatus exited(int code) {
    return new WaitStatus((code & 0xFF) << 8);
  }

  /** Ended by that signal. */
  public static WaitStatus killed(int signal, boolean dumped) {
    return new WaitStatus(signal | (dumped ? CORE_DUMPED : 0));
  }

  /** The signal that ended it, 0 if it ended by itself. */
  public int signal() {
    return raw & 0x7F;
  }

  /** The code that a shell reports: its own, or 128 + the signal. */
  public int code() {
    return signal() == 0 ? (raw >> 8) & 0xFF : 128 + signal();
  }

  /** Whether it left a core file. */
  public boolean dumped() {
    return signal() != 0 && (raw & CORE_DUMPED) != 0;
  }
}
