package io.kapsel.image.debian;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Content;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The packages of one component of a suite, in a plain {@code Packages} file. In memory is only
 * where in it each name is; paragraphs are read when they are asked for.
 */
final class PackageIndex implements AutoCloseable {
  private static final int PIECE = 4096;
  private static final int LONGEST = 4 << 20;

  private final Fd file;
  private final long[] names;
  private final long[] base;
  private final int source;

  /**
   * Takes over an open file and what a scanner found in it.
   *
   * @param source the archive's place in the list of archives
   */
  PackageIndex(Fd file, IndexScanner scanned, int source) {
    this.file = file;
    this.names = scanned.names();
    this.base = scanned.base();
    this.source = source;
  }

  /** How many names can be found. */
  int size() {
    return names.length;
  }

  /** Every version of the packages with that name, or that provide it. */
  List<DebianPackage> find(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    int hash = IndexScanner.hash(bytes, 0, bytes.length);
    int at = Arrays.binarySearch(names, IndexScanner.entry(hash, 0));
    List<DebianPackage> found = new ArrayList<>();
    long last = -1;
    for (int i = at < 0 ? -at - 1 : at; i < names.length && (int) (names[i] >> 32) == hash; i++) {
      long place = names[i] & 0xffff_ffffL;
      if (place == last) {
        continue; // provides the name twice
      }
      last = place;
      DebianPackage each = read(place);
      if (each.name().equals(name)
          || each.provides().stream().anyMatch(it -> it.name().equals(name))) {
        found.add(each);
      }
    }
    return found;
  }

  /** The packages that every system has: essential, or of priority required. */
  List<DebianPackage> base() {
    return Arrays.stream(base).mapToObj(this::read).toList();
  }

  private DebianPackage read(long place) {
    byte[] bytes = new byte[PIECE];
    int length = 0;
    while (true) {
      int count = Content.readAt(file, place + length, bytes, length, bytes.length - length);
      int end = end(bytes, length, length + Math.max(count, 0));
      length += Math.max(count, 0);
      if (end >= 0 || count < 0) {
        return DebianPackage.of(Stanza.parse(Arrays.copyOf(bytes, end < 0 ? length : end)), source);
      }
      if (length == bytes.length) {
        if (length >= LONGEST) {
          throw new IllegalArgumentException("a paragraph of the index is longer than 4 MiB");
        }
        bytes = Arrays.copyOf(bytes, 2 * length);
      }
    }
  }

  /** Where the paragraph ends, which may be at the border of what was read before. */
  private static int end(byte[] bytes, int from, int to) {
    for (int i = Math.max(from, 1); i < to; i++) {
      if (bytes[i] == '\n' && bytes[i - 1] == '\n') {
        return i;
      }
    }
    return -1;
  }

  @Override
  public void close() {
    file.close();
  }
}
