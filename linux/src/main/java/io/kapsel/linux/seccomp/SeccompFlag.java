package io.kapsel.linux.seccomp;

import java.util.Collection;

/** A flag of seccomp(2), {@code SECCOMP_SET_MODE_FILTER}. */
public enum SeccompFlag {
  TSYNC(1),
  LOG(2),
  SPEC_ALLOW(4),
  WAIT_KILLABLE_RECV(32);

  private final int bit;

  SeccompFlag(int bit) {
    this.bit = bit;
  }

  /** The bit in the flags of the call. */
  public int bit() {
    return bit;
  }

  /** The name in the OCI specification. */
  public String label() {
    return "SECCOMP_FILTER_FLAG_" + name();
  }

  /** The flag of an OCI name. */
  public static SeccompFlag parse(String name) {
    for (SeccompFlag flag : values()) {
      if (flag.label().equals(name)) {
        return flag;
      }
    }
    throw new SeccompException("cannot use seccomp flag '" + name + "': it is unknown");
  }

  /** The bits of several flags. */
  public static int bits(Collection<SeccompFlag> flags) {
    return flags.stream().mapToInt(SeccompFlag::bit).reduce(0, (a, b) -> a | b);
  }
}
