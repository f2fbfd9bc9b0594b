package io.kapsel.linux.seccomp;

import io.kapsel.linux.Errno;
import java.util.OptionalInt;

/**
 * What a filter answers to a system call; see seccomp(2), {@code SECCOMP_RET_*}.
 *
 * @param data the error number of {@link Kind#ERRNO}, the message of {@link Kind#TRACE}, else 0
 */
public record SeccompAction(Kind kind, int data) {
  private static final int DATA_MASK = 0xffff;
  private static final int MAX_ERRNO = 4095;

  /** The call is done. */
  public static final SeccompAction ALLOW = new SeccompAction(Kind.ALLOW, 0);

  /** The whole process dies by SIGSYS. */
  public static final SeccompAction KILL_PROCESS = new SeccompAction(Kind.KILL_PROCESS, 0);

  /** The calling thread dies by SIGSYS. */
  public static final SeccompAction KILL_THREAD = new SeccompAction(Kind.KILL_THREAD, 0);

  /** A supervisor is asked. */
  public static final SeccompAction ASK = new SeccompAction(Kind.NOTIFY, 0);

  /** The kinds, with the bits that the kernel reads and the names of the OCI specification. */
  public enum Kind {
    KILL_PROCESS(0x80000000, "SCMP_ACT_KILL_PROCESS"),
    KILL_THREAD(0, "SCMP_ACT_KILL_THREAD"),
    TRAP(0x00030000, "SCMP_ACT_TRAP"),
    ERRNO(0x00050000, "SCMP_ACT_ERRNO"),
    NOTIFY(0x7fc00000, "SCMP_ACT_NOTIFY"),
    TRACE(0x7ff00000, "SCMP_ACT_TRACE"),
    LOG(0x7ffc0000, "SCMP_ACT_LOG"),
    ALLOW(0x7fff0000, "SCMP_ACT_ALLOW");

    private final int bits;
    private final String label;

    Kind(int bits, String label) {
      this.bits = bits;
      this.label = label;
    }

    /** The name in the OCI specification. */
    public String label() {
      return label;
    }
  }

  public SeccompAction {
    int most = kind == Kind.ERRNO ? MAX_ERRNO : DATA_MASK;
    if (data < 0 || data > most) {
      throw new SeccompException(
          "cannot use error number " + data + " in a filter: it is not in 0-" + most);
    }
  }

  /** The call fails with that. */
  public static SeccompAction errno(Errno errno) {
    return new SeccompAction(Kind.ERRNO, errno.number());
  }

  /**
   * The action of an OCI name; without {@code errno} the one of {@code SCMP_ACT_ERRNO} and {@code
   * SCMP_ACT_TRACE} is EPERM.
   */
  public static SeccompAction parse(String name, OptionalInt errno) {
    if (name.equals("SCMP_ACT_KILL")) {
      return KILL_THREAD;
    }
    for (Kind kind : Kind.values()) {
      if (kind.label.equals(name)) {
        boolean carries = kind == Kind.ERRNO || kind == Kind.TRACE;
        return new SeccompAction(kind, carries ? errno.orElse(Errno.EPERM.number()) : 0);
      }
    }
    throw new SeccompException("cannot use seccomp action '" + name + "': it is unknown");
  }

  /** Whether a call that the profile does not name is refused by this as default action. */
  boolean refuses() {
    return switch (kind) {
      case KILL_PROCESS, KILL_THREAD, TRAP, ERRNO -> true;
      case NOTIFY, TRACE, LOG, ALLOW -> false;
    };
  }

  /** The value that the filter returns. */
  int bits() {
    return kind.bits | data;
  }
}
