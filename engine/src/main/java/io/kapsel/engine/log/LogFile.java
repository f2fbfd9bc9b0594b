package io.kapsel.engine.log;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** One file of a log, read forwards from wherever it was told to begin. */
public interface LogFile extends AutoCloseable {
  /** The next piece; empty when there is none yet, after which it can be asked again. */
  Optional<LogRecord> next() throws IOException;

  /** When its first piece was written; empty while there is none. */
  Optional<Instant> first() throws IOException;

  /** Begins where there may be something as new as that, without reading what is before. */
  void begin(Instant since) throws IOException;

  /**
   * Begins with its last lines.
   *
   * @param newest whether a last line without an end counts
   * @return how many there are, at most that many
   */
  long tail(long lines, boolean newest) throws IOException;

  @Override
  void close() throws IOException;
}
