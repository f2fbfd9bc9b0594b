package io.kapsel.cli.log;

import java.io.PrintStream;
import java.text.MessageFormat;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ResourceBundle;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One logger: {@code 2026-01-31T12:00:00.123Z INFO engine.Kapsel: ready containers=3}. */
final class StderrLogger implements System.Logger {
  private static final String OURS = "io.kapsel.";

  private final String name;
  private final Supplier<Level> least;
  private final PrintStream out;

  StderrLogger(String name, Supplier<Level> least) {
    this(name, least, System.err);
  }

  StderrLogger(String name, Supplier<Level> least, PrintStream out) {
    this.name = name;
    this.least = least;
    this.out = out;
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public boolean isLoggable(Level level) {
    return level.getSeverity() >= least.get().getSeverity();
  }

  @Override
  public void log(
      Level level, @Nullable ResourceBundle bundle, String text, @Nullable Throwable thrown) {
    if (isLoggable(level)) {
      out.print(line(Instant.now(), level, text, thrown)); // one write: lines never mix
    }
  }

  @Override
  public void log(
      Level level, @Nullable ResourceBundle bundle, String format, Object @Nullable ... values) {
    if (isLoggable(level)) {
      boolean plain = values == null || values.length == 0;
      log(level, bundle, plain ? format : MessageFormat.format(format, values), (Throwable) null);
    }
  }

  String line(Instant time, Level level, String text, @Nullable Throwable thrown) {
    String shortName = name.startsWith(OURS) ? name.substring(OURS.length()) : name;
    StringBuilder line = new StringBuilder(128);
    line.append(time.truncatedTo(ChronoUnit.MILLIS)).append(' ').append(level);
    line.append(' ').append(shortName).append(": ").append(text).append('\n');
    String prefix = "";
    for (Throwable at = thrown; at != null; at = at.getCause()) {
      line.append(prefix).append(at).append('\n');
      for (StackTraceElement frame : at.getStackTrace()) {
        line.append("\tat ").append(frame).append('\n');
      }
      prefix = "caused by ";
    }
    return line.toString();
  }
}
