package io.kapsel.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** How another engine is reached. */
@FunctionalInterface
public interface MoveWay {
  /** Reaches it. */
  Link open() throws IOException;

  /** A connection to its {@link Moves#arrive}. */
  interface Link extends AutoCloseable {
    /** What it says. */
    InputStream in();

    /** What it hears. */
    OutputStream out();

    /** What the way there complained of, for people; may be empty. */
    String complaint();

    /** Ends it, also while another thread reads or writes. */
    @Override
    void close();
  }
}
