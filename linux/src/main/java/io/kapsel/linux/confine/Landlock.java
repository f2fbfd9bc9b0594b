package io.kapsel.linux.confine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a thread may do to files, by directory; see landlock(7), since 5.13. Used from the second
 * version of the interface on: the first one cannot allow links from one directory to another.
 */
final class Landlock implements AutoCloseable {
  private static final int FIRST_USABLE = 2;
  private static final int VERSION_FLAG = 1;
  private static final int PATH_BENEATH = 1;
  private static final int RULE_SIZE = 12;

  private static final long EXECUTE = 1;
  private static final long READ = 1 << 2 | 1 << 3; // READ_FILE, READ_DIR
  private static final long MAKE_SOCKET = 1 << 9;
  private static final long MAKE_BLOCK = 1 << 11;

  /** Everything that can be asked for, by version of the interface, from the first on. */
  private static final long[] FILE_RIGHTS = {0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff};

  private static final int NETWORK_SINCE = 4;
  private static final long NETWORK_RIGHTS = 3; // BIND_TCP, CONNECT_TCP
  private static final int SCOPES_SINCE = 6;
  private static final long ABSTRACT_SOCKETS = 1;

  private final Fd ruleset;
  private final long rights;

  private Landlock(Fd ruleset, long rights) {
    this.ruleset = ruleset;
    this.rights = rights;
  }

  /** The version of the interface; 0 when the kernel has none or does not use it. */
  static int version() {
    long version = Kernel.call(Syscall.LANDLOCK_CREATE_RULESET, 0, 0, VERSION_FLAG);
    return Kernel.failed(version) ? 0 : (int) version;
  }

  /** Whether {@link #begin} would do. */
  static boolean usable() {
    return version() >= FIRST_USABLE;
  }

  /** Begins with nothing allowed: no file and no TCP. */
  static Landlock begin() {
    int version = version();
    long files = FILE_RIGHTS[Math.min(version, FILE_RIGHTS.length) - 1];
    try (Scratch scratch = Scratch.take()) {
      int size = version >= SCOPES_SINCE ? 24 : version >= NETWORK_SINCE ? 16 : 8;
      MemorySegment attributes = scratch.allocate(size);
      attributes.set(ValueLayout.JAVA_LONG, 0, files);
      if (size >= 16) {
        attributes.set(ValueLayout.JAVA_LONG, 8, NETWORK_RIGHTS);
      }
      if (size >= 24) {
        attributes.set(ValueLayout.JAVA_LONG, 16, ABSTRACT_SOCKETS);
      }
      long fd = scratch.call(Syscall.LANDLOCK_CREATE_RULESET, attributes.address(), size, 0);
      Kernel.check(fd, Syscall.LANDLOCK_CREATE_RULESET, null);
      return new Landlock(Fd.adopt((int) fd), files);
    }
  }

  /** Allows to change what lies below, but for programs, sockets and block devices. */
  Landlock writable(Fd directory) {
    return allow(directory, rights & ~(EXECUTE | MAKE_SOCKET | MAKE_BLOCK));
  }

  /** Allows to read what lies below. */
  Landlock readable(Fd directory) {
    return allow(directory, READ);
  }

  private Landlock allow(Fd directory, long allowed) {
    try (Fd.Lease lease = directory.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment rule = scratch.allocate(RULE_SIZE);
      rule.set(ValueLayout.JAVA_LONG, 0, allowed);
      rule.set(ValueLayout.JAVA_INT, 8, lease.number());
      long result =
          scratch.call(
              Syscall.LANDLOCK_ADD_RULE, ruleset.number(), PATH_BENEATH, rule.address(), 0);
      Kernel.check(result, Syscall.LANDLOCK_ADD_RULE, directory);
    }
    return this;
  }

  /** From here on the calling thread can do no more than was allowed. */
  void enforce() {
    long result = Kernel.call(Syscall.LANDLOCK_RESTRICT_SELF, ruleset.number(), 0);
    Kernel.check(result, Syscall.LANDLOCK_RESTRICT_SELF, null);
  }

  @Override
  public void close() {
    ruleset.close();
  }
}
