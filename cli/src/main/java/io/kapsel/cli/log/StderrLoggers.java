package io.kapsel.cli.log;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The engine's loggers: one line to standard error for each record, at or above the level in {@code
 * KAPSEL_LOG} (INFO unless it says otherwise).
 */
public final class StderrLoggers extends System.LoggerFinder {
  private final Map<String, System.Logger> loggers = new ConcurrentHashMap<>();
  private static volatile System.Logger.Level least =
      level(System.getenv().getOrDefault("KAPSEL_LOG", "INFO"));

  /** From now on what is below that level is not logged. */
  public static void least(System.Logger.Level level) {
    least = level;
  }

  static System.Logger.Level level(String name) {
    try {
      return System.Logger.Level.valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException _) {
      return System.Logger.Level.INFO;
    }
  }

  @Override
  public System.Logger getLogger(String name, Module module) {
    // The JDK's own records help nobody who runs containers unless something is wrong.
    boolean ours = name.startsWith("io.kapsel.");
    return loggers.computeIfAbsent(
        name, it -> new StderrLogger(it, ours ? () -> least : () -> System.Logger.Level.WARNING));
  }
}
