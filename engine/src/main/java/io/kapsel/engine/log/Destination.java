package io.kapsel.engine.log;

import java.io.IOException;

/** Where lines are sent to besides. */
public interface Destination extends AutoCloseable {
  /** Sends a line; when that fails, the same line can be tried again. */
  void send(LogLine line) throws IOException;

  @Override
  void close();
}
