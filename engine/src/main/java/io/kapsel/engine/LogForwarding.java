package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.engine.log.Destination;
import io.kapsel.engine.log.Journal;
import io.kapsel.engine.log.Lines;
import io.kapsel.engine.log.LogLine;
import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.log.Syslog;
import io.kapsel.engine.log.SyslogFormat;
import io.kapsel.engine.spec.LogRequest;
import io.kapsel.image.ImageException;
import io.kapsel.linux.socket.Credentials;
import io.kapsel.runtime.ContainerProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;

/**
 * Sends what a container prints to the journal or to a syslog, from its log on disk. So nothing
 * waits for those: what they do not take yet is sent later, also by the next engine, for as long as
 * the log has it.
 */
final class LogForwarding {
  private static final System.Logger LOG = System.getLogger(LogForwarding.class.getName());
  private static final String SENT = "log.sent";
  private static final Duration FIRST_PAUSE = Duration.ofMillis(20);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
  private static final Duration NOTED_EACH = Duration.ofSeconds(1);

  private final Container container;
  private final Optional<ContainerProcess> process;
  private final Path state;
  private final Destination destination;
  private final boolean follow;
  private Instant noted = Instant.EPOCH;

  private LogForwarding(Container container, Path state, Destination destination, boolean follow) {
    this.follow = follow;
    this.container = container;
    this.process = container.process();
    this.state = state;
    this.destination = destination;
  }

  /** Until when everything is sent. */
  record Sent(Instant until) {}

  /** Begins it where the container wants it; it ends with the container. */
  static void begin(Container container, StoredContainer stored, Path state) {
    begin(container, stored, state, true);
  }

  /** Sends what is left of a container that has ended while there was no engine. */
  static void finish(Container container, StoredContainer stored, Path state) {
    begin(container, stored, state, false);
  }

  private static void begin(
      Container container, StoredContainer stored, Path state, boolean follow) {
    LogRequest log = stored.spec().logging();
    if (!log.isForwarded()) {
      return;
    }
    Destination to;
    try {
      to = destination(stored);
    } catch (ImageException e) { // its lines stay in the log on disk
      LOG.log(System.Logger.Level.ERROR, "a log is not sent id=" + stored.id(), e);
      return;
    }
    LogForwarding forwarding = new LogForwarding(container, state, to, follow);
    Thread _ = Thread.ofVirtual().name("log-" + stored.id()).start(forwarding::run);
  }

  private static Destination destination(StoredContainer stored) {
    LogRequest log = stored.spec().logging();
    Credentials own = new Credentials((int) ProcessHandle.current().pid(), 0, 0);
    String tag = LogTag.of(log.options().getOrDefault("tag", "{{.ID}}"), stored);
    if (log.driver().equals(LogRequest.JOURNALD)) {
      return new Journal(Journal.SOCKET, fields(stored, tag), own);
    }
    Optional<SSLContext> tls = SyslogTls.of(log);
    SyslogFormat format =
        new SyslogFormat(
            log.options().getOrDefault("syslog-format", ""),
            SyslogFormat.facility(log.options().getOrDefault("syslog-facility", "daemon")),
            HostName.read(),
            tag,
            ProcessHandle.current().pid());
    return new Syslog(log.syslogAddress(), format, own, tls);
  }

  private static Map<String, String> fields(StoredContainer stored, String tag) {
    Map<String, String> fields = new LinkedHashMap<>();
    Logging.details(stored)
        .forEach((key, value) -> {
          if (!Journal.fieldName(key).isEmpty()) {
            fields.put(Journal.fieldName(key), value);
          }
        });
    fields.put("CONTAINER_ID", stored.id().substring(0, 12));
    fields.put("CONTAINER_ID_FULL", stored.id());
    fields.put("CONTAINER_NAME", stored.name());
    fields.put("CONTAINER_TAG", tag);
    fields.put("SYSLOG_IDENTIFIER", tag);
    fields.put("IMAGE_NAME", stored.spec().root().toString());
    return fields;
  }

  private void run() {
    Optional<Long> most = container.record().spec().logging().sendBuffer();
    if (most.isEmpty()) {
      try (destination) {
        pass(this::send, () -> true);
      }
      return;
    }
    LogBuffer buffer = new LogBuffer(most.get());
    Thread sender = Thread.ofVirtual().name("log-sender").start(() -> sendFrom(buffer));
    pass(lines -> lines.forEach(buffer::put), buffer::isEmpty);
    buffer.end();
    try {
      sender.join();
    } catch (InterruptedException e) {
      sender.interrupt();
      Thread.currentThread().interrupt();
    }
    if (buffer.dropped() > 0) {
      LOG.log(
          System.Logger.Level.WARNING,
          "lines were not sent because too many waited id={0} lines={1}",
          container.id(),
          buffer.dropped());
    }
  }

  private void sendFrom(LogBuffer buffer) {
    try (destination) {
      Optional<LogLine> line = buffer.take();
      while (line.isPresent()) {
        send(List.of(line.get()));
        buffer.sent();
        line = buffer.take();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Where lines go next. */
  private interface Outlet {
    void pass(List<LogLine> lines) throws InterruptedException;
  }

  /** What is read is noted as sent as soon as {@code settled} says that nothing waits. */
  private void pass(Outlet outlet, BooleanSupplier settled) {
    Instant after = sent();
    LogQuery query =
        new LogQuery(OptionalInt.empty(), Optional.of(after), Optional.empty(), follow);
    Lines lines = new Lines();
    Instant last = after;
    try (LogReader reader = container.log(query)) {
      Optional<LogRecord> record = reader.next();
      while (record.isPresent()) {
        if (record.get().time().isAfter(after)) {
          outlet.pass(lines.add(record.get()));
          last = record.get().time();
          if (settled.getAsBoolean()) {
            note(last, false);
          }
        }
        record = reader.next();
      }
      outlet.pass(lines.rest(last));
      note(last, true);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (EngineException | UncheckedIOException e) {
      LOG.log(System.Logger.Level.WARNING, "a log is no longer sent on id=" + container.id(), e);
    }
  }

  private void send(List<LogLine> lines) throws InterruptedException {
    for (LogLine line : lines) {
      Duration pause = FIRST_PAUSE;
      boolean told = false;
      while (!tried(line, told)) {
        told = true;
        if (!Files.isDirectory(state) || !container.process().equals(process)) {
          throw new InterruptedException("its log is gone, or sent since its next start");
        }
        LockSupport.parkNanos(pause.toNanos());
        if (Thread.interrupted()) {
          throw new InterruptedException("while a line waits to be sent");
        }
        pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
      }
    }
  }

  private boolean tried(LogLine line, boolean told) {
    try {
      destination.send(line);
      return true;
    } catch (IOException e) {
      if (!told) {
        LOG.log(
            System.Logger.Level.DEBUG,
            "a line is sent again later id=" + container.id() + " reason=" + e.getMessage());
      }
      return false;
    }
  }

  private Instant sent() {
    try {
      return Json.read(Files.readAllBytes(state.resolve(SENT)), Sent.class).until();
    } catch (IOException | JsonException e) {
      return Instant.EPOCH; // nothing yet
    }
  }

  private void note(Instant until, boolean now) {
    if ((now || until.isAfter(noted.plus(NOTED_EACH))) && Files.isDirectory(state)) {
      noted = until;
      AtomicFile.write(
          state.resolve(SENT), Json.write(new Sent(until)), AtomicFile.Durability.SURVIVES_CRASH);
    }
  }
}
