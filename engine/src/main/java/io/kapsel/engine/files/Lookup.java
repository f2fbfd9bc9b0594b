package io.kapsel.engine.files;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.RootDirectory;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** Finds what a path leads to, seen from a root. */
public final class Lookup {
  private static final int MOST_LINKS = 40;
  private static final int PLACE = OpenFlags.PATH | OpenFlags.NO_FOLLOW;

  private Lookup() {}

  /**
   * What was found.
   *
   * @param path clean, and after links that were followed
   * @param type of what is there
   * @param frozen why nothing can be written there, if that is so
   */
  public record Found(String path, Optional<FileType> type, Optional<String> frozen) {
    /** What a copy would meet there. */
    public CopyPlan.Target target() {
      if (type.isEmpty()) {
        return CopyPlan.Target.MISSING;
      }
      return type.get() == FileType.DIRECTORY ? CopyPlan.Target.DIRECTORY : CopyPlan.Target.FILE;
    }
  }

  /** Finds it; the last link is followed if that is asked, or if the path means a directory. */
  public static Found find(Fd root, String path, boolean follow) throws IOException {
    boolean directory = PathText.saysDirectory(path);
    try (RootDirectory top = RootDirectory.of(root.duplicate())) {
      String at = PathText.saysContent(path) ? path.substring(0, path.length() - 1) : path;
      for (int i = 0; i < MOST_LINKS; i++) {
        Optional<Fd> found = top.find(withoutSlash(at), PLACE);
        if (found.isEmpty()) {
          return new Found(at, Optional.empty(), Optional.empty());
        }
        try (Fd open = found.get()) {
          FileType type = Attributes.status(open).type();
          if (type != FileType.LINK || !(follow || directory)) {
            boolean there = type == FileType.DIRECTORY || !directory;
            return new Found(at, Optional.of(type).filter(_ -> there), frozen(open, root));
          }
          String target = Entries.readLink(open, "");
          String from = target.startsWith("/") ? "" : PathText.parent(PathText.clean(at)) + "/";
          at = from + target + (directory ? "/" : "");
        }
      }
      throw new IOException("too many links on the way to '" + path + "' (ELOOP)");
    } catch (SyscallException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Small files of one name; see {@link RootDirectory#readEach}. */
  public static Map<String, byte[]> each(
      Fd root, String directory, String name, int first, int most) throws IOException {
    try (RootDirectory top = RootDirectory.of(root.duplicate())) {
      return top.readEach(directory, name, first, most);
    } catch (SyscallException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static String withoutSlash(String path) {
    int end = path.length();
    while (end > 1 && path.charAt(end - 1) == '/') {
      end--;
    }
    return path.substring(0, end);
  }

  private static Optional<String> frozen(Fd open, Fd root) {
    if (!Attributes.filesystem(open).isReadOnly()) {
      return Optional.empty();
    }
    return Optional.of(
        Attributes.status(open).mountId() == Attributes.status(root).mountId()
            ? "container rootfs is marked read-only"
            : "mounted volume is marked read-only");
  }
}
