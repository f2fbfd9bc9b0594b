package io.kapsel.linux.file;

import io.kapsel.linux.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * How openat2(2) opens: flags ({@link OpenFlags}), mode of a new file, and the rules of the way.
 */
public record OpenHow(int flags, int mode, int resolve) {
  /** RESOLVE_NO_XDEV: no mount point on the way. */
  public static final int NO_CROSSING = 1;

  /** RESOLVE_NO_MAGICLINKS: none of the links of proc that lead to open files. */
  public static final int NO_MAGIC_LINKS = 2;

  /** RESOLVE_NO_SYMLINKS: no link at all. */
  public static final int NO_LINKS = 4;

  /** RESOLVE_BENEATH: fail when the way leads out of the directory. */
  public static final int BENEATH = 8;

  /** RESOLVE_IN_ROOT: the directory is the root of the way. */
  public static final int IN_ROOT = 16;

  static final int SIZE = 24;

  /** Opens what exists, without a rule. */
  public static OpenHow of(int flags) {
    return new OpenHow(flags, 0, 0);
  }

  /** The same with these rules added. */
  public OpenHow resolving(int rules) {
    return new OpenHow(flags, mode, resolve | rules);
  }

  /** The same with that mode for a new file. */
  public OpenHow creating(int newMode) {
    return new OpenHow(flags | OpenFlags.CREATE, newMode, resolve);
  }

  MemorySegment in(Scratch scratch) {
    MemorySegment how = scratch.allocate(SIZE);
    how.set(ValueLayout.JAVA_LONG, 0, (flags | OpenFlags.CLOSE_ON_EXEC) & 0xFFFF_FFFFL);
    how.set(ValueLayout.JAVA_LONG, 8, mode);
    how.set(ValueLayout.JAVA_LONG, 16, resolve);
    return how;
  }
}
