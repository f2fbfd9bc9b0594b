package io.kapsel.api;

import java.io.InputStream;
import java.io.OutputStream;

/**
 * What a program reads and writes. They stay open at its end. Where it has a terminal, all that it
 * prints comes to {@code out}; it reads {@code in} if its specification opens its standard input.
 */
public record Streams(InputStream in, OutputStream out, OutputStream err) {
  /** Nothing to read, and what it prints is lost. */
  public static final Streams NONE =
      new Streams(
          InputStream.nullInputStream(),
          OutputStream.nullOutputStream(),
          OutputStream.nullOutputStream());

  /** Nothing to read. */
  public static Streams of(OutputStream out, OutputStream err) {
    return new Streams(InputStream.nullInputStream(), out, err);
  }
}
