package io.kapsel.engine.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/** A line of a json-file. Others may have written into it: what makes no sense is passed over. */
final class JsonLine {
  private JsonLine() {}

  static Optional<LogRecord> parse(byte[] bytes) {
    String line = new String(bytes, UTF_8);
    int after = line.indexOf("\",\"stream\":\"");
    int timed = line.lastIndexOf("\"time\":\"");
    try {
      Optional<String> log = text(line, "\"log\":\"", 0);
      if (log.isEmpty() || after < 0 || timed < 0) {
        return Optional.empty();
      }
      Instant time = Instant.parse(text(line, "\"time\":\"", timed).orElse(""));
      boolean error = line.startsWith("stderr", after + "\",\"stream\":\"".length());
      return Optional.of(new LogRecord(error, time, log.get().getBytes(UTF_8)));
    } catch (DateTimeException | NumberFormatException _) {
      return Optional.empty();
    }
  }

  /** The value of a text that begins behind {@code key}. */
  private static Optional<String> text(String line, String key, int from) {
    int at = line.indexOf(key, from);
    if (at < 0) {
      return Optional.empty();
    }
    StringBuilder value = new StringBuilder(line.length());
    for (int i = at + key.length(); i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        return Optional.of(value.toString());
      }
      if (c != '\\') {
        value.append(c);
        continue;
      }
      if (++i == line.length()) {
        return Optional.empty();
      }
      char escaped = line.charAt(i);
      if (escaped == 'u') {
        if (i + 4 >= line.length()) {
          return Optional.empty();
        }
        value.append((char) Integer.parseInt(line, i + 1, i + 5, 16));
        i += 4;
      } else {
        value.append(plain(escaped));
      }
    }
    return Optional.empty();
  }

  private static char plain(char escaped) {
    return switch (escaped) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'b' -> '\b';
      case 'f' -> '\f';
      default -> escaped;
    };
  }
}
