package io.kapsel.linux.capability;

import java.util.Locale;
import java.util.Optional;

/**
 * One of the privileges that root is divided into, in the order of their numbers; capabilities(7).
 */
public enum Capability {
  CHOWN,
  DAC_OVERRIDE,
  DAC_READ_SEARCH,
  FOWNER,
  FSETID,
  KILL,
  SETGID,
  SETUID,
  SETPCAP,
  LINUX_IMMUTABLE,
  NET_BIND_SERVICE,
  NET_BROADCAST,
  NET_ADMIN,
  NET_RAW,
  IPC_LOCK,
  IPC_OWNER,
  SYS_MODULE,
  SYS_RAWIO,
  SYS_CHROOT,
  SYS_PTRACE,
  SYS_PACCT,
  SYS_ADMIN,
  SYS_BOOT,
  SYS_NICE,
  SYS_RESOURCE,
  SYS_TIME,
  SYS_TTY_CONFIG,
  MKNOD,
  LEASE,
  AUDIT_WRITE,
  AUDIT_CONTROL,
  SETFCAP,
  MAC_OVERRIDE,
  MAC_ADMIN,
  SYSLOG,
  WAKE_ALARM,
  BLOCK_SUSPEND,
  AUDIT_READ,
  PERFMON,
  BPF,
  CHECKPOINT_RESTORE;

  /** The number by which prctl(2) and capset(2) know it. */
  @SuppressWarnings("EnumOrdinal") // the order is the kernel's
  public int number() {
    return ordinal();
  }

  /** The bit of {@link #number} in a set. */
  @SuppressWarnings("EnumOrdinal") // the order is the kernel's
  public long bit() {
    return 1L << ordinal();
  }

  /** The name with its prefix, such as {@code CAP_NET_RAW}. */
  public String label() {
    return "CAP_" + name();
  }

  /** The capability of that name, in any case, with the prefix {@code CAP_} or without. */
  public static Optional<Capability> of(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    String bare = upper.startsWith("CAP_") ? upper.substring(4) : upper;
    for (Capability capability : values()) {
      if (capability.name().equals(bare)) {
        return Optional.of(capability);
      }
    }
    return Optional.empty();
  }

  /** The same; a name that is none is refused. */
  public static Capability parse(String name) {
    return of(name)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "cannot use capability '" + name + "': there is none of that name"));
  }
}
