package io.kapsel.linux.file;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.RawText;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;

/** Whole directory trees. */
public final class Trees {
  private Trees() {}

  /**
   * Removes {@code name} in {@code dir} and all below it, if it exists. Links are removed, not
   * followed. A mount point in the tree is left alone and fails with EXDEV: what is mounted there
   * is not part of the tree. Trees of any depth need the same small amount of memory and
   * descriptors.
   */
  public static void delete(Fd dir, String name) {
    byte[] bytes = RawText.encode(name);
    long result = TreeDeletion.unlink(dir, bytes, 0);
    if (!Kernel.failed(result) || result == -Errno.ENOENT.number()) {
      return;
    }
    if (!TreeDeletion.mayBeDirectory(result)) {
      throw new SyscallException("unlink", name, Kernel.errno(result));
    }
    try (Fd top = TreeDeletion.open(dir, bytes)) {
      new TreeDeletion(top).run();
    } catch (SyscallException e) {
      if (e.is(Errno.ENOENT)) { // somebody else removed it
        return;
      }
      if (e.is(Errno.ENOTDIR)) {
        throw new SyscallException("unlink", name, Kernel.errno(result));
      }
      throw e;
    }
    result = TreeDeletion.unlink(dir, bytes, TreeDeletion.REMOVE_DIRECTORY);
    if (result != -Errno.ENOENT.number()) {
      Kernel.check(result, Syscall.RMDIR, name);
    }
  }
}
