package io.kapsel.image;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.tar.Hashed;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Content by its digest, as image-spec, image-layout.md, lays it out. What is under its name is
 * whole and on the disk; what is not whole yet lies beside, where a later download goes on with it.
 */
public final class Blobs {
  private static final System.Logger LOG = System.getLogger(Blobs.class.getName());

  /** Manifests and configurations are read into memory: more than that is none. */
  public static final int LARGEST_DOCUMENT = 8 << 20;

  private static final Duration PART_KEPT = Duration.ofDays(7);
  private static final String PART = ".part";

  private final Path blobs;
  private final Path downloads;
  private final ConcurrentMap<Digest, ReentrantLock> locks = new ConcurrentHashMap<>();

  Blobs(Path blobs, Path downloads) throws IOException {
    this.blobs = blobs;
    this.downloads = downloads;
    for (Digest.Algorithm each : Digest.Algorithm.values()) {
      clearUnfinished(Files.createDirectories(blobs.resolve(each.label())));
    }
    Files.createDirectories(downloads);
    clearOldParts();
  }

  /** What was being written when an engine was killed has no digest for a name, and no reader. */
  private static void clearUnfinished(Path directory) throws IOException {
    for (Path each : list(directory)) {
      if (each.getFileName().toString().endsWith(AtomicFile.TEMPORARY_SUFFIX)) {
        Files.deleteIfExists(each);
      }
    }
  }

  private void clearOldParts() throws IOException {
    FileTime oldest = FileTime.from(Instant.now().minus(PART_KEPT));
    for (Path each : list(downloads)) {
      boolean resumable = each.getFileName().toString().endsWith(PART);
      if (!resumable || Files.getLastModifiedTime(each).compareTo(oldest) < 0) {
        Files.deleteIfExists(each);
      }
    }
  }

  /** Where content lies, or would lie. */
  public Path path(Digest digest) {
    return blobs.resolve(digest.algorithm().label()).resolve(digest.hex());
  }

  /** Whether it is there. */
  public boolean has(Digest digest) {
    return Files.isRegularFile(path(digest));
  }

  /** Its size in bytes; nothing when it is not there. */
  public Optional<Long> size(Digest digest) {
    try {
      return Optional.of(Files.size(path(digest)));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /** Whether it is there with as many bytes as it should have; else it is removed. */
  public boolean hasWhole(Descriptor blob) {
    Optional<Long> size = size(blob.id());
    if (size.isPresent() && size.get() != blob.size()) {
      remove(blob.id(), "has " + size.get() + " bytes instead of " + blob.size());
      return false;
    }
    return size.isPresent();
  }

  /** Reads it all: what does not have its digest any more, for disks forget, is removed. */
  boolean isSound(Digest digest) {
    try (Hashed all = new Hashed(open(digest), digest.algorithm())) {
      if (all.finish().equals(digest)) {
        return true;
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "a blob cannot be read digest=" + digest, e);
    }
    remove(digest, "does not have its digest any more");
    return false;
  }

  private void remove(Digest digest, String why) {
    LOG.log(System.Logger.Level.WARNING, "a blob is damaged and removed: {0} {1}", digest, why);
    try {
      delete(digest);
    } catch (IOException e) {
      throw new ImageException.Failed("cannot remove '" + digest + "': " + AtomicFile.reason(e), e);
    }
  }

  /** Opens it. */
  public InputStream open(Digest digest) {
    try {
      return Files.newInputStream(path(digest));
    } catch (IOException e) {
      throw new ImageException.Failed("cannot read '" + digest + "': " + AtomicFile.reason(e), e);
    }
  }

  /** A document as a whole, checked against its digest: disks forget. */
  public byte[] document(Digest digest) {
    byte[] bytes;
    try (InputStream in = open(digest)) {
      bytes = in.readNBytes(LARGEST_DOCUMENT + 1);
    } catch (IOException e) {
      throw new ImageException.Failed("cannot read '" + digest + "': " + AtomicFile.reason(e), e);
    }
    if (bytes.length > LARGEST_DOCUMENT || !digest.matches(bytes)) {
      throw new ImageException.Failed(
          "cannot read '" + digest + "': the file does not have that digest any more", null);
    }
    return bytes;
  }

  /** The same; nothing when it is not there, or not whole. */
  public Optional<byte[]> findDocument(Digest digest) {
    try {
      return has(digest) ? Optional.of(document(digest)) : Optional.empty();
    } catch (ImageException.Failed e) {
      LOG.log(System.Logger.Level.WARNING, "a document is damaged: {0}", e.getMessage());
      return Optional.empty();
    }
  }

  /** Keeps a document. */
  public Digest put(byte[] document) {
    Digest digest = Digest.of(document);
    ReentrantLock lock = lock(digest);
    lock.lock();
    try {
      if (!hasWhole(Descriptor.of("", digest, document.length)) || !isSound(digest)) {
        AtomicFile.write(path(digest), document, AtomicFile.Durability.SURVIVES_POWER_LOSS);
      }
      return digest;
    } catch (java.io.UncheckedIOException e) {
      throw new ImageException.Failed(String.valueOf(e.getMessage()), e);
    } finally {
      lock.unlock();
    }
  }

  /** Keeps a document and describes it. */
  public Descriptor put(String mediaType, byte[] document) {
    return Descriptor.of(mediaType, put(document), document.length);
  }

  /** Held by whoever brings that content, so that two do not do it twice. */
  public ReentrantLock lock(Digest digest) {
    return locks.computeIfAbsent(digest, _ -> new ReentrantLock());
  }

  /** Begins, or goes on with, content that is to have that digest. One caller at a time. */
  public Part part(Digest digest) throws IOException {
    String name = digest.algorithm().label() + "-" + digest.hex() + PART;
    return new Part(downloads.resolve(name), this::path);
  }

  /** Begins content whose digest nobody knows yet; a crash removes it. */
  public Part fresh() throws IOException {
    String name = UUID.randomUUID() + AtomicFile.TEMPORARY_SUFFIX;
    return new Part(downloads.resolve(name), this::path);
  }

  /** Keeps what {@code in} gives until its end, under the digest that it turns out to have. */
  public Descriptor copy(String mediaType, InputStream in) throws IOException {
    MessageDigest computation = Hashed.start(Digest.Algorithm.SHA256);
    try (Part part = fresh()) {
      try (OutputStream out = part.append()) {
        byte[] buffer = new byte[1 << 16];
        long size = 0;
        for (int count; (count = in.read(buffer)) >= 0; size += count) {
          computation.update(buffer, 0, count);
          out.write(buffer, 0, count);
        }
        Digest digest = Digest.finish(Digest.Algorithm.SHA256, computation);
        if (has(digest)) {
          part.discard();
        } else {
          part.keep(digest);
        }
        return Descriptor.of(mediaType, digest, size);
      } catch (IOException e) {
        part.discard();
        throw e;
      }
    }
  }

  /** Everything that is there. */
  List<Digest> all() throws IOException {
    List<Digest> all = new ArrayList<>();
    for (Digest.Algorithm each : Digest.Algorithm.values()) {
      for (Path file : list(blobs.resolve(each.label()))) {
        Digest.find(each.label() + ":" + file.getFileName()).ifPresent(all::add);
      }
    }
    return all;
  }

  /** Removes it, and says how many bytes that gives back. */
  long discard(Digest digest) throws IOException {
    long freed = size(digest).orElse(0L);
    delete(digest);
    return freed;
  }

  void delete(Digest digest) throws IOException {
    Files.deleteIfExists(path(digest));
  }

  static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.toList();
    }
  }
}
