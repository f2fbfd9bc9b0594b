package io.kapsel.network.cni;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** The files of one network: its configuration, and a record for each container in it. */
final class CniRecords {
  private static final String CONFIGURATION = "network.conflist";
  private static final String RECORD = ".json";
  private static final String LOCK = ".lock";
  private static final int OWNER_ONLY = 0600;
  private static final Duration PATIENCE = Duration.ofSeconds(70);
  private static final Duration STEP = Duration.ofMillis(5);

  private final Path directory;

  CniRecords(Path directory) {
    this.directory = directory;
  }

  CniList configuration() {
    try {
      return CniList.parse(Files.readAllBytes(directory.resolve(CONFIGURATION)));
    } catch (IOException | JsonException e) {
      throw new CniException("its configuration cannot be read: " + e.getMessage(), e);
    }
  }

  void save(CniList list) {
    try {
      Files.createDirectories(directory);
      AtomicFile.write(
          directory.resolve(CONFIGURATION), list.text(), AtomicFile.Durability.SURVIVES_POWER_LOSS);
    } catch (IOException | UncheckedIOException e) {
      throw new CniException("its configuration cannot be saved: " + e.getMessage(), e);
    }
  }

  private Path file(CniAttachment of, String ending) {
    return directory.resolve(of.container() + "-" + of.inside() + ending);
  }

  void save(CniRecord record) {
    try {
      AtomicFile.write(
          file(record.attachment(), RECORD),
          Json.write(record),
          AtomicFile.Durability.SURVIVES_POWER_LOSS);
    } catch (UncheckedIOException e) {
      throw new CniException("its record cannot be saved: " + e.getMessage(), e);
    }
  }

  void remove(CniAttachment of) {
    try {
      Files.deleteIfExists(file(of, RECORD));
      Files.deleteIfExists(file(of, LOCK));
    } catch (IOException e) {
      throw new CniException("its record cannot be removed: " + AtomicFile.reason(e), e);
    }
  }

  /** Everything of the network. */
  void removeAll() {
    try (Stream<Path> all = Files.list(directory)) {
      for (Path each : all.toList()) {
        Files.deleteIfExists(each);
      }
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      throw new CniException("its files cannot be removed: " + AtomicFile.reason(e), e);
    }
  }

  Optional<CniRecord> of(String container, String inside) {
    Path file = directory.resolve(container + "-" + inside + RECORD);
    return Files.exists(file) ? read(file) : Optional.empty();
  }

  List<CniRecord> all() {
    List<CniRecord> records = new ArrayList<>();
    if (!Files.isDirectory(directory)) {
      return records;
    }
    try (Stream<Path> files = Files.list(directory)) {
      files
          .filter(each -> each.toString().endsWith(RECORD))
          .sorted()
          .forEach(each -> read(each).ifPresent(records::add));
    } catch (IOException e) {
      throw new CniException("its records cannot be read: " + AtomicFile.reason(e), e);
    }
    return records;
  }

  /** One that is damaged says nothing of use, and is left to whoever looks into the matter. */
  private static Optional<CniRecord> read(Path file) {
    try {
      return Optional.of(Json.read(Files.readAllBytes(file), CniRecord.class));
    } catch (IOException | JsonException | IllegalArgumentException e) {
      System.getLogger(CniRecords.class.getName())
          .log(System.Logger.Level.ERROR, "a record of plugins cannot be read file=" + file, e);
      return Optional.empty();
    }
  }

  /**
   * Keeps others from calling plugins for the same container. A plugin holds it as long as it runs,
   * so that the next engine waits for one that outlives its own.
   */
  Fd lock(CniAttachment of) {
    Fd file =
        Open.create(file(of, LOCK).toString(), OpenFlags.READ_WRITE | OpenFlags.CREATE, OWNER_ONLY);
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!Content.tryLock(file)) {
      if (System.nanoTime() > end) {
        file.close();
        throw new CniException("plugins still run for this container");
      }
      LockSupport.parkNanos(STEP.toNanos());
    }
    return file;
  }
}
