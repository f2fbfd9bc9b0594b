package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.tar.Extractor;
import io.kapsel.image.tar.Unpacking;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.library.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** Archives as root file systems: each is unpacked once and shared read-only afterwards. */
final class TarRoot {
  /** A file as it was when its digest was taken. */
  private record Identity(Path path, Object key, long size, FileTime modified) {}

  private final Path layers;
  private final Map<Identity, String> digests = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock();

  /** Keeps what is unpacked below {@code layers}. */
  public TarRoot(Path layers) {
    this.layers = layers;
  }

  /** The directory of what was unpacked before, by the name that {@link #unpack} gave it. */
  Path layer(String digest) {
    Path layer = layers.resolve(digest);
    if (!Files.isDirectory(layer)) {
      throw new EngineException.Failed(
          "use", layer.toString(), "no such file or directory (ENOENT)", null);
    }
    return layer;
  }

  /** The directory with an archive's content; its name is the archive's digest. */
  Path unpack(Path archive) {
    lock.lock();
    try {
      if (!Files.isRegularFile(archive)) {
        throw new EngineException.Invalid(
            "unpack",
            archive.toString(),
            Files.exists(archive) ? "it is not a file" : "no such file or directory (ENOENT)");
      }
      Path done = layers.resolve(digest(archive));
      if (Files.isDirectory(done)) {
        return done;
      }
      Files.createDirectories(layers);
      Path part = layers.resolve(done.getFileName() + ".new");
      remove(part);
      try {
        Files.createDirectory(part);
        extract(archive, part);
        Files.move(part, done);
        return done;
      } finally {
        remove(part);
      }
    } catch (IOException e) {
      throw new EngineException.Failed("unpack", archive.toString(), AtomicFile.reason(e), e);
    } finally {
      lock.unlock();
    }
  }

  private static void extract(Path archive, Path into) throws IOException {
    try (InputStream in = Files.newInputStream(archive);
        InputStream plain = Unpacking.of(in);
        Fd root = Open.path(into.toString(), OpenFlags.DIRECTORY)) {
      Extractor.Extracted done = Extractor.extract(plain, root, Extractor.Form.TREE);
      if (done.entries() == 0) {
        throw new IOException("it is not a tar archive, or an empty one");
      }
    }
  }

  static void remove(Path tree) {
    Path above = tree.getParent();
    if (above != null && Files.exists(tree)) {
      try (Fd parent = Open.path(above.toString(), OpenFlags.DIRECTORY)) {
        io.kapsel.linux.file.Trees.delete(parent, tree.getFileName().toString());
      }
    }
  }

  /** A start is not to read a whole archive again that nobody has touched. */
  private String digest(Path archive) throws IOException {
    BasicFileAttributes found = Files.readAttributes(archive, BasicFileAttributes.class);
    Object key = found.fileKey() == null ? archive : found.fileKey();
    Identity identity = new Identity(archive, key, found.size(), found.lastModifiedTime());
    String known = digests.get(identity);
    if (known == null) {
      known = compute(archive);
      digests.put(identity, known);
    }
    return known;
  }

  private static String compute(Path archive) throws IOException {
    try (InputStream in = Files.newInputStream(archive)) {
      MessageDigest sha = Sha256.start();
      new DigestInputStream(in, sha).transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(sha.digest());
    }
  }
}
