package io.kapsel.linux;

/** A system call interface of a processor architecture; see seccomp(2), {@code arch}. */
public enum Abi {
  /** The 64-bit interface of x86, without x32. */
  X86_64(0xC000003E),
  /** The 64-bit interface of ARM. */
  AARCH64(0xC00000B7),
  /** The 32-bit interface of x86, which an x86-64 kernel offers too. */
  I386(0x40000003),
  /** The 32-bit interface of ARM (EABI), which an aarch64 kernel may offer too. */
  ARM(0x40000028);

  private static final Abi HOST = detect();

  private final int audit;

  Abi(int audit) {
    this.audit = audit;
  }

  /** The AUDIT_ARCH value by which a filter tells it. */
  public int audit() {
    return audit;
  }

  /** The interface that this process uses. */
  public static Abi host() {
    return HOST;
  }

  private static Abi detect() {
    String name = System.getProperty("os.arch", "unknown");
    return switch (name) {
      case "amd64", "x86_64" -> X86_64;
      case "aarch64" -> AARCH64;
      default -> throw new UnsupportedOperationException("cannot use architecture '" + name + "'");
    };
  }
}
