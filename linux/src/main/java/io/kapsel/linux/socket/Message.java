package io.kapsel.linux.socket;

import io.kapsel.linux.Fd;
import java.util.ArrayList;
import java.util.List;

/** Received bytes and the descriptors that came along. Closing it closes those nobody took. */
public final class Message implements AutoCloseable {
  private final byte[] bytes;
  private final List<Fd> descriptors;
  private final List<Fd> left;

  Message(byte[] bytes, List<Fd> descriptors) {
    this.bytes = bytes;
    this.descriptors = List.copyOf(descriptors);
    this.left = new ArrayList<>(descriptors);
  }

  /** The bytes; not copied, they are the caller's. */
  public byte[] bytes() {
    return bytes;
  }

  /** How many descriptors came. */
  public int count() {
    return descriptors.size();
  }

  /** The descriptor at that place, which is the caller's from now on. */
  public Fd take(int index) {
    Fd fd = descriptors.get(index);
    left.remove(fd);
    return fd;
  }

  /** All descriptors, which are the caller's from now on. */
  public List<Fd> takeAll() {
    left.clear();
    return descriptors;
  }

  @Override
  public void close() {
    left.forEach(Fd::close);
    left.clear();
  }
}
