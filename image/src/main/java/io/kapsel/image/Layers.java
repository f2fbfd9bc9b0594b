package io.kapsel.image;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.AtomicFile.Durability;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.image.tar.Extractor;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.Trees;
import io.kapsel.oci.image.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Layers as directories: each is unpacked once and shared read-only by all containers.
 *
 * <p>A layer counts when its record is there, which is written last. A record that names a boot of
 * the machine holds in that boot only, for nothing of the layer was forced to the disk; {@link
 * #makeDurable} does that later, when nobody waits. After a power loss such a layer is unpacked
 * again from its blob.
 */
public final class Layers {
  private static final System.Logger LOG = System.getLogger(Layers.class.getName());
  private static final String RECORD = ".json";
  private static final int SCHEMA = 1;

  /**
   * What is known of a layer.
   *
   * @param bytes of all its files
   * @param implied whether it stands in directories that it does not have
   * @param boot the boot in which it was unpacked, as long as it is not durable
   */
  public record Layer(int schema, long bytes, int entries, boolean implied, Optional<String> boot) {
    private Layer durable() {
      return new Layer(schema, bytes, entries, implied, Optional.empty());
    }
  }

  /** Something that writes a layer into an open, empty directory. */
  @FunctionalInterface
  public interface Filling {
    /** Writes it. */
    Extractor.Extracted fill(Fd directory) throws IOException;
  }

  private final Path directory;
  private final String boot;
  private final Map<Digest, Layer> known = new ConcurrentHashMap<>();
  private final ReentrantLock flushing = new ReentrantLock();
  private final Map<Digest, ReentrantLock> locks = new ConcurrentHashMap<>();

  Layers(Path directory) throws IOException {
    this.directory = directory;
    this.boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    Files.createDirectories(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    recover();
  }

  private void recover() throws IOException {
    for (Path each : Blobs.list(directory)) {
      String name = each.getFileName().toString();
      if (name.endsWith(RECORD)) {
        load(each, name.substring(0, name.length() - RECORD.length()));
      }
    }
    for (Path each : Blobs.list(directory)) {
      String name = each.getFileName().toString();
      if (!name.endsWith(RECORD) && digest(name).filter(known::containsKey).isEmpty()) {
        LOG.log(System.Logger.Level.INFO, "a half-made layer is removed name={0}", name);
        remove(name);
      }
    }
  }

  private static Optional<Digest> digest(String hex) {
    return Digest.find("sha256:" + hex);
  }

  private void load(Path file, String hex) throws IOException {
    Optional<Digest> digest = digest(hex);
    try {
      Layer layer = Json.read(Files.readAllBytes(file), Layer.class);
      boolean holds = layer.boot().isEmpty() || layer.boot().get().equals(boot);
      if (digest.isPresent() && holds && Files.isDirectory(directory.resolve(hex))) {
        known.put(digest.get(), layer);
        return;
      }
    } catch (JsonException e) {
      LOG.log(System.Logger.Level.WARNING, "a record of a layer is damaged file=" + file, e);
    }
    Files.delete(file); // it is unpacked again when somebody wants it
  }

  /** What is known of a layer that is there. */
  public Optional<Layer> find(Digest key) {
    return Optional.ofNullable(known.get(key));
  }

  /** Where a layer is, or would be. */
  public Path path(Digest key) {
    return directory.resolve(key.hex());
  }

  /**
   * Unpacks a layer unless it is there. Two callers at once share the work: the second waits.
   *
   * @return whether this call did it
   */
  public boolean make(Digest key, Filling filling) throws IOException {
    ReentrantLock lock = locks.computeIfAbsent(key, _ -> new ReentrantLock());
    lock.lock();
    try {
      if (known.containsKey(key)) {
        return false;
      }
      String temporary = temporary(key);
      Path target = Files.createDirectory(directory.resolve(temporary));
      boolean made = false;
      try (Fd fd = Open.path(target.toString(), OpenFlags.DIRECTORY)) {
        Extractor.Extracted done = filling.fill(fd);
        remove(key.hex());
        Files.move(target, path(key));
        Layer layer =
            new Layer(
                SCHEMA, done.bytes(), done.entries(), done.impliedDirectories(), Optional.of(boot));
        save(key, layer, Durability.SURVIVES_CRASH);
        known.put(key, layer);
        made = true;
      } finally {
        if (!made) {
          remove(temporary);
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void save(Digest key, Layer layer, Durability durability) {
    AtomicFile.write(directory.resolve(key.hex() + RECORD), Json.write(layer), durability);
  }

  /** Flushes what was unpacked since the last time; this takes as long as the disk takes. */
  public void makeDurable() {
    flushing.lock();
    try {
      flush();
    } catch (SyscallException | UncheckedIOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "layers cannot be flushed; after a power loss they are unpacked again: {0}",
          e.getMessage());
    } finally {
      flushing.unlock();
    }
  }

  private void flush() {
    Map<Digest, Layer> fresh = new java.util.HashMap<>();
    known.forEach((key, layer) -> {
      if (layer.boot().isPresent()) {
        fresh.put(key, layer);
      }
    });
    if (fresh.isEmpty()) {
      return;
    }
    try (Fd fd = Open.path(directory.toString(), OpenFlags.DIRECTORY)) {
      Content.syncFilesystem(fd);
    }
    fresh.forEach((key, layer) ->
        known.computeIfPresent(
            key,
            (_, now) -> {
              if (!now.equals(layer)) {
                return now;
              }
              save(key, layer.durable(), Durability.SURVIVES_POWER_LOSS);
              return layer.durable();
            }));
  }

  /**
   * What is left of a layer that is no layer any more.
   *
   * @param name of its directory
   */
  record Remains(String name, long bytes) {}

  /** Takes a layer out of use, unless it is being made right now. */
  Optional<Remains> discard(Digest key) throws IOException {
    ReentrantLock lock = locks.computeIfAbsent(key, _ -> new ReentrantLock());
    if (!lock.tryLock()) {
      return Optional.empty();
    }
    try {
      Layer layer = known.remove(key);
      if (layer == null) {
        return Optional.empty();
      }
      Files.deleteIfExists(directory.resolve(key.hex() + RECORD));
      String name = temporary(key);
      Files.move(path(key), directory.resolve(name));
      return Optional.of(new Remains(name, layer.bytes()));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Removes them, but not before the disk knows that they are layers no more; how many bytes that
   * gave back.
   */
  long clear(List<Remains> all) {
    if (all.isEmpty()) {
      return 0;
    }
    try (Fd fd = Open.path(directory.toString(), OpenFlags.DIRECTORY)) {
      Content.sync(fd);
    }
    all.forEach(each -> remove(each.name()));
    return all.stream().mapToLong(Remains::bytes).sum();
  }

  private static String temporary(Digest key) {
    return key.hex() + "." + UUID.randomUUID() + AtomicFile.TEMPORARY_SUFFIX;
  }

  /** All that are there. */
  public Map<Digest, Layer> all() {
    return Map.copyOf(known);
  }

  private void remove(String name) {
    try (Fd parent = Open.path(directory.toString(), OpenFlags.DIRECTORY)) {
      Trees.delete(parent, name);
    } catch (SyscallException e) {
      throw new ImageException.Failed("cannot remove '" + name + "': " + e.getMessage(), e);
    }
  }

  /** The name of all layers up to one; image-spec, config.md, "Layer ChainID". */
  public static Digest chain(Optional<Digest> below, Digest diffId) {
    return below
        .map(it -> Digest.of((it + " " + diffId).getBytes(StandardCharsets.UTF_8)))
        .orElse(diffId);
  }
}
