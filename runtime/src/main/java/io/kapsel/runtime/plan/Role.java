package io.kapsel.runtime.plan;

/** What a descriptor is for in the monitor, in the order of docs/guide/wire.md. */
public enum Role {
  /** Where the log is made, with the first output, and rotated. */
  LOG_DIRECTORY("directory of the log"),
  /** The file of the exit record. */
  EXIT_RECORD("record of the end"),
  /** Where engines connect. */
  LISTENER("socket for engines that come later"),
  /** Write end. */
  STDIN("end of the program's input"),
  /** Read end. */
  STDOUT("end of the program's output"),
  /** Read end. */
  STDERR("end of the program's error output"),
  /** Master side. */
  PTY("side of the terminal"),
  /** Bytes. */
  LOG_LIMIT("limit of the log in bytes"),
  /** Bits. */
  FLAGS("switches"),
  /** Number of the sync socket from now on, in either half. */
  SYNC("number of the socket between the halves"),
  /** The program's side of a terminal that outlives whoever has it open. */
  CONSOLE("other side of a terminal that stays"),
  /** Both sides of the terminals besides, one after the other. */
  TTYS("sides of the terminals besides the console");

  private final String meaning;

  Role(String meaning) {
    this.meaning = meaning;
  }

  String meaning() {
    return meaning;
  }
}
