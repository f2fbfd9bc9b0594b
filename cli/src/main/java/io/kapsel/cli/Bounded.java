package io.kapsel.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A stream that ends after so many bytes. */
final class Bounded extends FilterInputStream {
  private int left;

  Bounded(InputStream in, int most) {
    super(in);
    left = most;
  }

  @Override
  public int read() throws IOException {
    return left-- > 0 ? super.read() : -1;
  }

  @Override
  public int read(byte[] bytes, int from, int length) throws IOException {
    int count = left <= 0 ? -1 : super.read(bytes, from, Math.min(length, left));
    left -= Math.max(count, 0);
    return count;
  }
}
