package io.kapsel.linux.confine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.RootDirectory;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.Mounts;
import java.util.List;

/** The way of a thread into a view. */
final class Entrance {
  private Entrance() {}

  /** Makes it the root of the calling thread, which ends soon. */
  static Fd of(RootView view) {
    switch (view) {
      case RootView.OfProcess(Fd namespace, _) -> {
        OwnThread.unshareDirectories();
        OwnThread.enterMounts(namespace);
        OwnThread.unshareMounts();
        Confinement.privately();
      }
      case RootView.Assembled(Fd root, List<RootView.Place> places, boolean readOnly, _) -> {
        OwnThread.unshareMounts();
        Confinement.privately();
        OwnThread.pivotInto(root);
        try (RootDirectory top = RootDirectory.open("/")) {
          for (RootView.Place each : places) {
            each.attach(top);
          }
        }
        if (readOnly) {
          Mounts.setAttributes(root, 0, MountAttributes.setting(MountAttributes.READ_ONLY));
        }
      }
    }
    OwnThread.clearUmask();
    Fd root = Open.path("/", OpenFlags.DIRECTORY);
    try {
      Mounts.setAttributes(root, Mounts.RECURSIVE, MountAttributes.setting(Confinement.HARMLESS));
    } catch (SyscallException e) {
      root.close();
      throw e;
    }
    return root;
  }
}
