package io.kapsel.linux.mount;

import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Scratch;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;

/** Mounts as descriptors; see open_tree(2), mount_setattr(2), move_mount(2). */
public final class Mounts {
  /** OPEN_TREE_CLONE: a detached copy instead of the place itself. */
  public static final int CLONE = 1;

  /** AT_RECURSIVE: with the mounts below. */
  public static final int RECURSIVE = 0x8000;

  /** AT_EMPTY_PATH: an empty path stands for the descriptor. */
  public static final int EMPTY_PATH = 0x1000;

  /** AT_SYMLINK_NOFOLLOW. */
  public static final int NO_FOLLOW = 0x100;

  private static final int CLOSE_ON_EXEC = 0x80000;
  private static final int FROM_DESCRIPTOR_TO_DESCRIPTOR = 0x4 | 0x40;
  private static final int DETACH = 2;

  private Mounts() {}

  /** The mount at a path; since 5.2. */
  public static Fd openTree(String path, int flags) {
    return openTree(Fd.CWD, path, flags);
  }

  /** The mount at {@code path} seen from {@code dir}. */
  public static Fd openTree(Fd dir, String path, int flags) {
    try (Fd.Lease lease = dir.lease();
        Scratch scratch = Scratch.take()) {
      long fd =
          scratch.call(
              Syscall.OPEN_TREE, lease.number(), scratch.text(path), flags | CLOSE_ON_EXEC);
      Object subject = path.isEmpty() ? dir : path;
      return Fd.adopt((int) Kernel.check(fd, Syscall.OPEN_TREE, subject));
    }
  }

  /** The mount at a place below a directory, which no link in it leads out of. */
  public static Fd openTreeBelow(String directory, String place, int flags) {
    try (Fd above = Open.path(directory, OpenFlags.PATH | OpenFlags.DIRECTORY);
        Fd found = Open.openBeneath(above, place, OpenHow.of(OpenFlags.PATH))) {
      return openTree(found, "", flags | EMPTY_PATH);
    }
  }

  /** Changes a mount; with RECURSIVE also those below it. */
  public static void setAttributes(Fd mount, int flags, MountAttributes attributes) {
    try (Fd.Lease lease = mount.lease();
        Scratch scratch = Scratch.take()) {
      long result =
          scratch.call(
              Syscall.MOUNT_SETATTR,
              lease.number(),
              scratch.text(""),
              flags | EMPTY_PATH,
              attributes.in(scratch).address(),
              MountAttributes.SIZE);
      Kernel.check(result, Syscall.MOUNT_SETATTR, mount);
    }
  }

  /** Attaches a detached mount on an open place; since 5.2. */
  public static void move(Fd mount, Fd target) {
    try (Fd.Lease from = mount.lease();
        Fd.Lease to = target.lease();
        Scratch scratch = Scratch.take()) {
      long nothing = scratch.text("");
      long result =
          scratch.call(
              Syscall.MOVE_MOUNT,
              from.number(),
              nothing,
              to.number(),
              nothing,
              FROM_DESCRIPTOR_TO_DESCRIPTOR);
      Kernel.check(result, Syscall.MOVE_MOUNT, target);
    }
  }

  /** Takes the mount at a path away, at once for newcomers, later for those who still use it. */
  public static void detach(String path) {
    try (Scratch scratch = Scratch.take()) {
      long result = scratch.call(Syscall.UMOUNT2, scratch.text(path), DETACH);
      Kernel.check(result, Syscall.UMOUNT2, path);
    }
  }
}
