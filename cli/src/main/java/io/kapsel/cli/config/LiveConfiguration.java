package io.kapsel.cli.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** The configuration of a running engine, which can be read again. */
public final class LiveConfiguration {
  /** What is obeyed at once; the others are when the engine starts the next time. */
  private static final Set<Setting> AT_ONCE = Set.of(Setting.LOG_LEVEL);

  private final Map<String, String> environment;
  private final Consumer<Configuration> obey;
  private final ReentrantLock reloading = new ReentrantLock();
  private volatile Configuration current;

  /** With what was read at the start; {@code obey} takes what is read later. */
  public LiveConfiguration(
      Configuration current, Map<String, String> environment, Consumer<Configuration> obey) {
    this.current = current;
    this.environment = Map.copyOf(environment);
    this.obey = obey;
  }

  /** What is in force. */
  public Configuration current() {
    return current;
  }

  /**
   * Reads file and environment again; returns what has changed and waits for the next start.
   *
   * @throws ConfigException when it makes no sense: all stays as it is
   */
  public List<Setting> reload() {
    reloading.lock();
    try {
      return obey(Configuration.read(environment));
    } finally {
      reloading.unlock();
    }
  }

  private List<Setting> obey(Configuration next) {
    List<Setting> waiting = new ArrayList<>();
    for (Setting each : Setting.values()) {
      if (!AT_ONCE.contains(each) && !next.get(each).text().equals(current.get(each).text())) {
        waiting.add(each);
      }
    }
    current = current.with(AT_ONCE, next);
    obey.accept(current);
    return waiting;
  }
}
