package io.kapsel.linux.confine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.RootDirectory;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.Mounts;
import java.util.List;

/** What a confined thread has for its root: all that lies there, and nothing else. */
public sealed interface RootView extends AutoCloseable {
  /** As whom the thread makes files; 0: as root. */
  int owner();

  @Override
  void close();

  /**
   * Whatever a process has mounted at this moment. It is looked at in a copy: what the process
   * mounts later is not seen, and what it unmounts stays until the work is done.
   *
   * @param namespace its mount namespace
   */
  record OfProcess(Fd namespace, int owner) implements RootView {
    @Override
    public void close() {
      namespace.close();
    }
  }

  /**
   * Mounts that are attached nowhere else.
   *
   * @param root the one that all others are in
   * @param readOnly whether that one, not the others, cannot be written to
   */
  record Assembled(Fd root, List<Place> places, boolean readOnly, int owner) implements RootView {
    /** Copies the list. */
    public Assembled {
      places = List.copyOf(places);
    }

    @Override
    public void close() {
      root.close();
      places.forEach(place -> place.mount().close());
    }
  }

  /** A mount and where it goes, which is made when it is missing. */
  record Place(Fd mount, String target) {
    /** With a detached mount, which is this one's from now on, and all that is mounted below. */
    public static Place of(Fd tree, String target, boolean readOnly) {
      try {
        Mounts.setAttributes( // or what is mounted into it would be seen where it comes from
            tree,
            Mounts.RECURSIVE,
            MountAttributes.privately(readOnly ? MountAttributes.READ_ONLY : 0));
      } catch (SyscallException e) {
        tree.close();
        throw e;
      }
      return new Place(tree, target);
    }

    void attach(RootDirectory root) {
      boolean directory = Attributes.status(mount).type() == FileType.DIRECTORY;
      try (Fd place = directory ? root.makeDirectories(target, 0755) : file(root)) {
        Mounts.move(mount, place);
      }
    }

    private Fd file(RootDirectory root) {
      int slash = target.lastIndexOf('/');
      try (Fd parent = root.makeDirectories(target.substring(0, slash + 1), 0755)) {
        String name = target.substring(slash + 1);
        if (Attributes.find(parent, name).isEmpty()) {
          Entries.makeNode(parent, name, FileType.REGULAR, 0644, new DeviceNumber(0, 0));
        }
      }
      return root.open(target, OpenFlags.PATH);
    }
  }
}
