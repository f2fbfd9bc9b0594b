package io.kapsel.engine;

import io.airlift.compress.v3.zstd.ZstdInputStream;
import io.kapsel.base.AtomicFile;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.XZInputStream;

/** Archives as root file systems: each is unpacked once and shared read-only afterwards. */
final class TarRoot {
  private static final long LARGEST = 64L << 30;
  private static final int XZ_MEMORY_KIB = 512 << 10;
  private static final int BUFFER = 1 << 16;

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
        try (InputStream in = open(archive)) {
          new TarExtractor(part).extract(in);
        }
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

  static void remove(Path tree) {
    Path above = tree.getParent();
    if (above != null && Files.exists(tree)) {
      try (io.kapsel.linux.Fd parent =
          io.kapsel.linux.file.Open.path(
              above.toString(), io.kapsel.linux.file.OpenFlags.DIRECTORY)) {
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
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      new DigestInputStream(in, sha).transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static InputStream open(Path archive) throws IOException {
    BufferedInputStream in = new BufferedInputStream(Files.newInputStream(archive), BUFFER);
    in.mark(8);
    byte[] magic = in.readNBytes(6);
    in.reset();
    return new Bounded(decompress(in, magic), LARGEST);
  }

  private static InputStream decompress(InputStream in, byte[] magic) throws IOException {
    String start = HexFormat.of().formatHex(magic);
    if (start.startsWith("1f8b")) {
      return new GZIPInputStream(in, BUFFER);
    }
    if (start.startsWith("28b52ffd")) {
      return new ZstdInputStream(in);
    }
    return start.startsWith("fd377a585a00") ? new XZInputStream(in, XZ_MEMORY_KIB) : in;
  }

  /** A bomb ends here. */
  private static final class Bounded extends FilterInputStream {
    private long left;

    Bounded(InputStream in, long most) {
      super(in);
      left = most;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int count = super.read(bytes, from, length);
      left -= Math.max(count, 0);
      if (left < 0) {
        throw new IOException("the archive is larger than 64 GiB when it is unpacked");
      }
      return count;
    }
  }
}
