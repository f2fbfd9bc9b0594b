package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.engine.log.Journal;
import io.kapsel.engine.log.LineFile;
import io.kapsel.engine.log.LogFiles;
import io.kapsel.engine.log.LogPacker;
import io.kapsel.engine.log.RecordFile;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.LogRequest;
import io.kapsel.image.ImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** How a container's output is kept, which its monitor does, and read again. */
final class Logging {
  private static final System.Logger LOG = System.getLogger(Logging.class.getName());
  private static final Duration REST = Duration.ofSeconds(1);
  private static final String OPTIONS = "log.options";
  private static final int MAGIC = 0x474f4c4b;
  private static final int VERSION = 1;
  private static final int NAME = 88;
  private static final int HEAD = 120;
  private static final int LONGEST_EXTRA = 8192;

  private Logging() {}

  /** What each line of a container's log says besides, in the order of its keys. */
  static Map<String, String> details(StoredContainer stored) {
    ContainerSpec spec = stored.spec();
    LogRequest log = spec.logging();
    Optional<String> tag =
        Optional.ofNullable(log.options().get("tag")).map(it -> LogTag.of(it, stored));
    return log.details(spec.labels(), spec.env(), tag);
  }

  /** The file in which Docker's users look for it. */
  static String fileName(String id, LogRequest log) {
    return log.driver().equals(LogRequest.JSON_FILE) ? id + "-json.log" : "log";
  }

  /** What others may read is in one form alone; that of the others may change. */
  static Optional<Path> path(StoredContainer stored, Path state) {
    LogRequest log = stored.spec().logging();
    return log.driver().equals(LogRequest.JSON_FILE)
        ? Optional.of(state.resolve(fileName(stored.id(), log)))
        : Optional.empty();
  }

  /** Tells the monitor, which looks for that with the first output. */
  static void write(StoredContainer stored, Path state) {
    LogRequest log = stored.spec().logging();
    if (log.driver().equals(LogRequest.JOURNALD) && !Files.exists(Path.of(Journal.SOCKET))) {
      throw new EngineException.Refused(
          "create",
          stored.name(),
          "failed to initialize logging driver: journald is not enabled on this host");
    }
    if (log.driver().equals(LogRequest.SYSLOG)) {
      checkTls(stored, log);
    }
    if (log.equals(LogRequest.DEFAULT) || log.isForwarded()) {
      return; // as usual
    }
    byte[] extra = extra(details(stored));
    if (extra.length > LONGEST_EXTRA) {
      throw new EngineException.Invalid(
          "create", stored.name(), "its labels and variables for the log are longer than 8 KiB");
    }
    ByteBuffer bytes = ByteBuffer.allocate(HEAD + extra.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(MAGIC).putInt(VERSION).putInt(format(log)).putInt(log.fileCount());
    bytes.putLong(log.fileBytes());
    bytes.put(fileName(stored.id(), log).getBytes(StandardCharsets.US_ASCII));
    bytes.position(24 + NAME).putInt(extra.length).putInt(0).put(extra);
    AtomicFile.write(state.resolve(OPTIONS), bytes.array(), AtomicFile.Durability.SURVIVES_CRASH);
  }

  private static void checkTls(StoredContainer stored, LogRequest log) {
    try {
      Optional<SSLContext> _ = SyslogTls.of(log);
    } catch (ImageException e) {
      throw new EngineException.Invalid(
          "create", stored.name(), "failed to initialize logging driver: " + e.getMessage());
    }
  }

  private static int format(LogRequest log) {
    return switch (log.driver()) {
      case LogRequest.NONE -> 0;
      case LogRequest.JSON_FILE -> 2;
      default -> 1;
    };
  }

  /** As json-file has it in each line. */
  record Extra(Map<String, String> attrs) {}

  private static byte[] extra(Map<String, String> details) {
    if (details.isEmpty()) {
      return new byte[0];
    }
    String text = new String(Json.write(new Extra(details)), StandardCharsets.UTF_8).strip();
    return (text.substring(1, text.length() - 1) + ",").getBytes(StandardCharsets.UTF_8);
  }

  static LogReader read(
      StoredContainer stored, Path state, LogQuery query, LogReader.Source source) {
    LogRequest log = stored.spec().logging();
    if (log.driver().equals(LogRequest.NONE)) {
      throw new EngineException.Refused(
          "read the log of", stored.name(), "configured logging driver does not support reading");
    }
    return new LogReader(files(stored, state), query, source, details(stored));
  }

  private static LogFiles files(StoredContainer stored, Path state) {
    LogRequest log = stored.spec().logging();
    boolean lines = log.driver().equals(LogRequest.JSON_FILE);
    return new LogFiles(
        state,
        fileName(stored.id(), log),
        log.fileCount(),
        lines ? LineFile::new : RecordFile::new);
  }

  /** Packs what was rotated, where that is wanted. */
  static void pack(StoredContainer stored, Path state) {
    LogRequest log = stored.spec().logging();
    if (log.isPacked()) {
      try {
        new LogPacker(state, files(stored, state), log.fileCount(), REST).run();
      } catch (IOException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "a log is packed later id=" + stored.id() + " reason=" + AtomicFile.reason(e));
      }
    }
  }
}
