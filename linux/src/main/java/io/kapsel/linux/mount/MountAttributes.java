package io.kapsel.linux.mount;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** What mount_setattr(2) changes; since 5.12. */
public record MountAttributes(long set, long clear, long propagation, Optional<Fd> userNamespace) {
  /** MOUNT_ATTR_RDONLY. */
  public static final long READ_ONLY = 1;

  /** MOUNT_ATTR_NOSUID. */
  public static final long NO_SUID = 2;

  /** MOUNT_ATTR_NODEV. */
  public static final long NO_DEVICES = 4;

  /** MOUNT_ATTR_NOEXEC. */
  public static final long NO_EXECUTION = 8;

  /** MOUNT_ATTR_NOATIME; clear {@link #ACCESS_TIME} with it. */
  public static final long NO_ACCESS_TIME = 0x10;

  /** MOUNT_ATTR_STRICTATIME; clear {@link #ACCESS_TIME} with it. */
  public static final long STRICT_ACCESS_TIME = 0x20;

  /** MOUNT_ATTR__ATIME, all bits about access times. */
  public static final long ACCESS_TIME = 0x70;

  /** MOUNT_ATTR_NODIRATIME. */
  public static final long NO_DIRECTORY_ACCESS_TIME = 0x80;

  /** MOUNT_ATTR_IDMAP; {@link #idMapped} sets it. */
  public static final long ID_MAP = 0x100000;

  /** MOUNT_ATTR_NOSYMFOLLOW. */
  public static final long NO_LINKS = 0x200000;

  /** MS_PRIVATE. */
  public static final long PRIVATE = 1 << 18;

  /** MS_SLAVE. */
  public static final long SLAVE = 1 << 19;

  /** MS_SHARED. */
  public static final long SHARED = 1 << 20;

  /** MS_UNBINDABLE. */
  public static final long UNBINDABLE = 1 << 17;

  static final int SIZE = 32;

  /** Sets these and changes nothing else. */
  public static MountAttributes setting(long set) {
    return new MountAttributes(set, 0, 0, Optional.empty());
  }

  /** The same, and passes no mount on; what is said of access times takes the place of all that. */
  public static MountAttributes privately(long set) {
    return new MountAttributes(
        set, (set & ACCESS_TIME) == 0 ? 0 : ACCESS_TIME, PRIVATE, Optional.empty());
  }

  /** Maps owners as that user namespace does. */
  public static MountAttributes idMapped(Fd userNamespace) {
    return new MountAttributes(ID_MAP, 0, 0, Optional.of(userNamespace));
  }

  /** Changes the propagation only. */
  public static MountAttributes propagating(long propagation) {
    return new MountAttributes(0, 0, propagation, Optional.empty());
  }

  MemorySegment in(Scratch scratch) {
    MemorySegment structure = scratch.allocate(SIZE);
    structure.set(ValueLayout.JAVA_LONG, 0, set);
    structure.set(ValueLayout.JAVA_LONG, 8, clear);
    structure.set(ValueLayout.JAVA_LONG, 16, propagation);
    structure.set(ValueLayout.JAVA_LONG, 24, userNamespace.map(Fd::number).orElse(0));
    return structure;
  }
}
