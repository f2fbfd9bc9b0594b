package io.kapsel.ocicli;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** Where warnings and errors go: a file in text or JSON, or the caller's standard error. */
final class Log {
  private final Caller caller;
  private final Optional<Path> file;
  private final boolean json;
  private final boolean debug;

  Log(Caller caller, Optional<Path> file, boolean json, boolean debug) {
    this.caller = caller;
    this.file = file;
    this.json = json;
    this.debug = debug;
  }

  void debug(String message) {
    if (debug) {
      write("debug", message);
    }
  }

  void warn(String message) {
    write("warning", message);
  }

  /** Also to standard error, where the log is a file: some callers read only that. */
  void error(String message) {
    write("error", message);
    if (file.isPresent()) {
      caller.err(message + "\n");
    }
  }

  private void write(String level, String message) {
    String time =
        DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
            OffsetDateTime.ofInstant(
                Instant.now().truncatedTo(ChronoUnit.SECONDS), ZoneId.systemDefault()));
    String line = json ? json(level, message, time) : text(level, message, time);
    if (file.isEmpty()) {
      caller.err(line);
      return;
    }
    try {
      Files.writeString(
          file.get(),
          line,
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      caller.err(line);
    }
  }

  private static String json(String level, String message, String time) {
    return "{\"level\":\"%s\",\"msg\":\"%s\",\"time\":\"%s\"}\n"
        .formatted(level, quote(message), time);
  }

  private static String text(String level, String message, String time) {
    return "time=\"%s\" level=%s msg=\"%s\"\n".formatted(time, level, quote(message));
  }

  private static String quote(String text) {
    return new String(JsonStringEncoder.getInstance().quoteAsString(text));
  }
}
