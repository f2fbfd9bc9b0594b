package io.kapsel.engine;

import io.kapsel.engine.files.CopyPlan;
import io.kapsel.engine.files.Ids;
import io.kapsel.engine.files.Lookup;
import io.kapsel.engine.files.PathText;
import io.kapsel.engine.files.TreeReader;
import io.kapsel.engine.files.TreeWriter;
import io.kapsel.image.tar.Unpacker;
import io.kapsel.linux.Fd;
import io.kapsel.linux.confine.RootView;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.mount.Mounts;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/** The other end of a copy: files of this machine, where the caller says. */
final class LocalFiles {
  private LocalFiles() {}

  private static Lookup.Found find(String path, boolean follow) throws IOException {
    try (Fd root = Open.path("/", OpenFlags.PATH | OpenFlags.DIRECTORY)) {
      return Lookup.find(root, path, follow);
    }
  }

  /** What is copied from here. */
  static Lookup.Found source(String path, boolean followLinks) throws IOException {
    Lookup.Found found = find(path, followLinks);
    if (found.type().isEmpty()) {
      boolean there = find(PathText.clean(path), true).type().isPresent();
      throw new IOException(
          there && PathText.saysDirectory(path)
              ? "not a directory"
              : "lstat " + PathText.clean(found.path()) + ": no such file or directory");
    }
    return found;
  }

  /** What is copied to here. */
  static Lookup.Found target(String path) throws IOException {
    Lookup.Found found = find(path, true);
    if (found.type().filter(LocalFiles::isOdd).isPresent()) {
      throw new IOException(
          "invalid output path: \"%s\" must be a directory or a regular file: got a device"
              .formatted(path));
    }
    String parent = PathText.parent(PathText.clean(found.path()));
    if (found.type().isEmpty() && find(parent, true).target() != CopyPlan.Target.DIRECTORY) {
      throw new IOException(
          "invalid output path: directory \"%s\" does not exist".formatted(parent));
    }
    return found;
  }

  private static boolean isOdd(FileType type) {
    return type != FileType.DIRECTORY && type != FileType.REGULAR && type != FileType.LINK;
  }

  static void read(String path, String as, OutputStream out) throws IOException {
    String clean = PathText.clean(path);
    try (Fd parent = Open.path(PathText.parent(clean), OpenFlags.PATH | OpenFlags.DIRECTORY)) {
      String name = clean.equals("/") ? "." : PathText.base(clean);
      TreeReader.write(parent, name, as, Ids.same(), out);
    }
  }

  /** What comes from a container cannot reach more than that directory. */
  static void write(String directory, CopyOptions options, InputStream tar) throws IOException {
    Ids ids =
        options
            .owner()
            .map(it -> Ids.same().givenTo(new Ids.Owner(it.uid(), it.gid())))
            .orElseGet(Ids::same);
    Fd tree = Mounts.openTree(directory, Mounts.CLONE | Mounts.RECURSIVE);
    try (tar;
        RootView view = new RootView.Assembled(tree, List.of(), false, 0)) {
      Unpacker.runIn(view, tar, (in, root) -> TreeWriter.write(in, root, "", directory, ids));
    }
  }
}
