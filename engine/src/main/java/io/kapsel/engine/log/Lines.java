package io.kapsel.engine.log;

import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Makes lines of pieces. One that is longer than 16 KiB comes in parts. */
public final class Lines {
  private static final int LONGEST = 16 << 10;

  private final ByteArrayOutputStream[] begun = {
    new ByteArrayOutputStream(), new ByteArrayOutputStream()
  };

  /** With nothing begun. */
  public Lines() {}

  /** The lines that a piece ends. */
  public List<LogLine> add(LogRecord piece) {
    List<LogLine> lines = new ArrayList<>();
    ByteArrayOutputStream line = begun[piece.error() ? 1 : 0];
    for (byte each : piece.bytes()) {
      if (each == '\n') {
        lines.add(take(piece.error(), piece.time(), false));
      } else {
        line.write(each);
        if (line.size() == LONGEST) {
          lines.add(take(piece.error(), piece.time(), true));
        }
      }
    }
    return lines;
  }

  /** What has no end, at the end. */
  public List<LogLine> rest(Instant time) {
    List<LogLine> lines = new ArrayList<>();
    for (int i = 0; i < begun.length; i++) {
      if (begun[i].size() > 0) {
        lines.add(take(i == 1, time, false));
      }
    }
    return lines;
  }

  private LogLine take(boolean error, Instant time, boolean partial) {
    ByteArrayOutputStream line = begun[error ? 1 : 0];
    LogLine taken = new LogLine(error, time, line.toByteArray(), partial);
    line.reset();
    return taken;
  }
}
