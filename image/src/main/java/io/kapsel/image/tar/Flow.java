package io.kapsel.image.tar;

import java.io.IOException;
import java.io.InputStream;

/**
 * A stream that sees every byte of another one go by. Unlike {@link java.io.FilterInputStream} it
 * lets nobody skip past it, which would keep bytes from a digest or a copy.
 */
public abstract class Flow extends InputStream {
  private final InputStream in;

  /** Over {@code in}, which is closed with it. */
  protected Flow(InputStream in) {
    this.in = in;
  }

  /** Bytes that went by. */
  protected abstract void seen(byte[] bytes, int from, int count) throws IOException;

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int from, int length) throws IOException {
    int count = in.read(bytes, from, length);
    if (count > 0) {
      seen(bytes, from, count);
    }
    return count;
  }

  @Override
  public int available() throws IOException {
    return in.available();
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
