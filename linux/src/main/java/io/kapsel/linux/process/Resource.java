package io.kapsel.linux.process;

import java.util.Locale;
import java.util.Optional;

/** What setrlimit(2) limits; in the order of the kernel's numbers. */
public enum Resource {
  /** Seconds of processor time. */
  CPU,
  /** Bytes of a file. */
  FSIZE,
  /** Bytes of data. */
  DATA,
  /** Bytes of stack. */
  STACK,
  /** Bytes of a core file. */
  CORE,
  /** Bytes resident; without effect. */
  RSS,
  /** Processes of a user. */
  NPROC,
  /** Open files. */
  NOFILE,
  /** Bytes locked in memory. */
  MEMLOCK,
  /** Bytes of address space. */
  AS,
  /** File locks; without effect. */
  LOCKS,
  /** Queued signals. */
  SIGPENDING,
  /** Bytes in message queues. */
  MSGQUEUE,
  /** Nice value. */
  NICE,
  /** Real-time priority. */
  RTPRIO,
  /** Microseconds of real-time scheduling. */
  RTTIME;

  /** The kernel's number. */
  @SuppressWarnings("EnumOrdinal") // the order is the kernel's
  public int number() {
    return ordinal();
  }

  /** The resource of that name, with or without RLIMIT_, in any case. */
  public static Optional<Resource> parse(String text) {
    String name = text.toUpperCase(Locale.ROOT);
    String bare = name.startsWith("RLIMIT_") ? name.substring(7) : name;
    for (Resource resource : values()) {
      if (resource.name().equals(bare)) {
        return Optional.of(resource);
      }
    }
    return Optional.empty();
  }
}
