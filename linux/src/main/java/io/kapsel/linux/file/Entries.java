package io.kapsel.linux.file;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.RawText;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes, renames and removes names in an open directory. A name should be one component: a path
 * would be walked without the rules of {@link OpenHow}.
 */
public final class Entries {
  /** RENAME_NOREPLACE. */
  public static final int NO_REPLACE = 1;

  /** RENAME_EXCHANGE. */
  public static final int EXCHANGE = 2;

  private static final int REMOVE_DIRECTORY = 0x200;
  private static final int LONGEST_LINK = 4096;

  private Entries() {}

  /** A name in a listing. */
  public record Entry(String name, FileType type, long inode) {}

  /**
   * All names in {@code dir}, which may be a PATH descriptor, except {@code .} and {@code ..}. For
   * what others fill at will there is {@link #each}.
   */
  public static List<Entry> list(Fd dir) {
    List<Entry> all = new ArrayList<>();
    each(dir, all::add);
    return all;
  }

  /** The same one after the other: no more than a few are held, however many there are. */
  public static void each(Fd dir, Consumer<Entry> use) {
    read(dir, raw -> use.accept(new Entry(RawText.decode(raw.name()), raw.type(), raw.inode())));
  }

  /** The bytes of the names alone. */
  static void names(Fd dir, Consumer<byte[]> use) {
    read(dir, raw -> use.accept(raw.name()));
  }

  private static void read(Fd dir, Consumer<DirectoryReader.Raw> use) {
    try (Fd own = Open.at(dir, ".", OpenHow.of(OpenFlags.DIRECTORY))) {
      DirectoryReader reader = new DirectoryReader(own);
      for (var batch = reader.next(); !batch.isEmpty(); batch = reader.next()) {
        batch.forEach(use);
      }
    }
  }

  /** Whether nothing is in it. */
  public static boolean isEmpty(Fd dir) {
    try (Fd own = Open.at(dir, ".", OpenHow.of(OpenFlags.DIRECTORY))) {
      return new DirectoryReader(own).next().isEmpty();
    }
  }

  /** Makes a directory with these permission bits, less the umask; see mkdir(2). */
  public static void makeDirectory(Fd dir, String name, int mode) {
    Kernel.check(call(Syscall.MKDIRAT, dir, name, mode, 0), Syscall.MKDIRAT, name);
  }

  /** The same; false when the name was there already, whatever it is. */
  public static boolean ensureDirectory(Fd dir, String name, int mode) {
    long result = call(Syscall.MKDIRAT, dir, name, mode, 0);
    if (result == -Errno.EEXIST.number()) {
      return false;
    }
    Kernel.check(result, Syscall.MKDIRAT, name);
    return true;
  }

  /** Makes a device node, FIFO, socket or file, with permissions less the umask; see mknod(2). */
  public static void makeNode(Fd dir, String name, FileType type, int mode, DeviceNumber device) {
    long result = call(Syscall.MKNODAT, dir, name, type.bits() | mode, device.encoded());
    Kernel.check(result, Syscall.MKNODAT, name);
  }

  /** Makes a link that says {@code target}. */
  public static void symlink(String target, Fd dir, String name) {
    try (Fd.Lease lease = dir.lease();
        Scratch scratch = Scratch.take()) {
      long text = scratch.text(target);
      long result = scratch.call(Syscall.SYMLINKAT, text, lease.number(), scratch.text(name));
      Kernel.check(result, Syscall.SYMLINKAT, name);
    }
  }

  /** What the link {@code name} says; an empty name stands for {@code dir}, opened with PATH. */
  public static String readLink(Fd dir, String name) {
    try (Fd.Lease lease = dir.lease();
        Scratch scratch = Scratch.take()) {
      MemorySegment text = scratch.buffer(LONGEST_LINK);
      long length =
          scratch.call(
              Syscall.READLINKAT, lease.number(), scratch.text(name), text.address(), LONGEST_LINK);
      Kernel.check(length, Syscall.READLINKAT, name);
      return RawText.decode(text.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /** Gives the file {@code name} a second name. Links are not followed. */
  public static void link(Fd dir, String name, Fd newDir, String newName) {
    long result = twoNames(Syscall.LINKAT, dir, name, newDir, newName, 0);
    Kernel.check(result, Syscall.LINKAT, newName);
  }

  /** Renames, replacing what had the name. */
  public static void rename(Fd dir, String name, Fd newDir, String newName) {
    rename(dir, name, newDir, newName, 0);
  }

  /** Renames as the flags say; see renameat2(2). */
  public static void rename(Fd dir, String name, Fd newDir, String newName, int flags) {
    long result = twoNames(Syscall.RENAMEAT2, dir, name, newDir, newName, flags);
    Kernel.check(result, Syscall.RENAMEAT2, newName);
  }

  /** Removes a name that is no directory; false when there was none. */
  public static boolean unlink(Fd dir, String name) {
    return remove(dir, name, 0);
  }

  /** Removes an empty directory; false when there was none. */
  public static boolean removeDirectory(Fd dir, String name) {
    return remove(dir, name, REMOVE_DIRECTORY);
  }

  private static boolean remove(Fd dir, String name, int flags) {
    long result = call(Syscall.UNLINKAT, dir, name, flags, 0);
    if (result == -Errno.ENOENT.number()) {
      return false;
    }
    Kernel.check(result, flags == 0 ? "unlink" : "rmdir", name);
    return true;
  }

  private static long call(Syscall call, Fd dir, String name, long a, long b) {
    try (Fd.Lease lease = dir.lease();
        Scratch scratch = Scratch.take()) {
      return scratch.call(call, lease.number(), scratch.text(name), a, b);
    }
  }

  private static long twoNames(
      Syscall call, Fd dir, String name, Fd newDir, String newName, int flags) {
    try (Fd.Lease from = dir.lease();
        Fd.Lease to = newDir.lease();
        Scratch scratch = Scratch.take()) {
      long first = scratch.text(name);
      return scratch.call(call, from.number(), first, to.number(), scratch.text(newName), flags);
    }
  }
}
