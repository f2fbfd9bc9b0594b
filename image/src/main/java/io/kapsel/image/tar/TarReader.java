package io.kapsel.image.tar;

import io.kapsel.linux.RawText;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads archives in the formats that occur: POSIX (ustar, PAX), GNU, and the one from before them.
 *
 * <p>It keeps names and attribute values as bytes, and nothing in an archive makes it hold more
 * than a few headers of at most 1 MiB.
 */
public final class TarReader {
  private static final int LONGEST_HEADER = 1 << 20;
  private static final int MOST_SEGMENTS = 1 << 16;
  private static final int MOST_HEADERS = 16;

  private final InputStream in;
  private final byte[] block = new byte[TarHeader.SIZE];
  private long left;
  private int padding;

  /** Reads from {@code in}, which stays the caller's. */
  public TarReader(InputStream in) {
    this.in = in;
  }

  /** What was said about the next member before its header. */
  private static final class Before {
    private final PaxRecords pax = new PaxRecords();
    private @Nullable String name;
    private @Nullable String link;
  }

  /** The next member, after which {@link #read} gives its bytes; null at the end. */
  public @Nullable TarEntry next() throws IOException {
    skip(left);
    left = 0;
    in.readNBytes(padding); // some writers leave it out at the end
    padding = 0;
    Before before = new Before();
    for (int headers = 0; headers < MOST_HEADERS; headers++) {
      TarHeader header = header();
      if (header == null) {
        return null;
      }
      switch (header.flag()) {
        case 'x', 'X' -> before.pax.parse(content(header));
        case 'g' -> content(header); // of tools that mark a whole archive, such as git
        case 'L' -> before.name = name(content(header));
        case 'K' -> before.link = name(content(header));
        case 'V' -> content(header); // a label
        default -> {
          return entry(header, before);
        }
      }
    }
    throw new TarException("more than 16 headers stand before a member");
  }

  private @Nullable TarHeader header() throws IOException {
    int got = in.readNBytes(block, 0, block.length);
    if (got == 0) {
      return null; // without the end mark; other programs take that, too
    }
    if (got < block.length) {
      throw new EOFException("the archive ends in the middle of a header");
    }
    for (byte each : block) {
      if (each != 0) {
        return new TarHeader(block);
      }
    }
    return null;
  }

  private byte[] content(TarHeader header) throws IOException {
    long size = header.size();
    if (size > LONGEST_HEADER) {
      throw new TarException("a header is longer than 1 MiB");
    }
    byte[] content = in.readNBytes((int) size);
    if (content.length < size) {
      throw new EOFException("the archive ends in the middle of a header");
    }
    skip(rest(size));
    return content;
  }

  private static String name(byte[] content) {
    int length = 0;
    while (length < content.length && content[length] != 0) {
      length++;
    }
    return RawText.decode(content, 0, length);
  }

  private TarEntry entry(TarHeader header, Before before) throws IOException {
    PaxRecords pax = before.pax;
    String longName = before.name;
    String name = pax.name("path").orElse(longName != null ? longName : header.name());
    String longLink = before.link;
    String link = pax.name("linkpath").orElse(longLink != null ? longLink : header.link());
    TarEntry.Type type = type(header.flag(), name);
    long stored = pax.number("size").orElse(header.size());
    if (stored > TarHeader.LARGEST) {
      throw new TarException("a member has a size that cannot be: " + stored);
    }
    boolean hasData = type == TarEntry.Type.FILE;
    left = hasData ? stored : 0;
    padding = hasData ? rest(stored) : 0;
    if (!hasData && stored > 0 && type != TarEntry.Type.HARD_LINK) {
      skip(stored + rest(stored));
    }
    List<TarEntry.Segment> segments = List.of();
    long size = left;
    if (header.flag() == 'S') {
      size = header.number(483, 12);
      segments = checked(oldMap(header), size, left);
    } else if (pax.hasMapInData()) {
      size = pax.number("GNU.sparse.realsize").orElse(-1L);
      List<Long> numbers = mapInData();
      segments = checked(numbers, size, left);
    } else if (pax.sparseMap().isPresent()) {
      size = pax.number("GNU.sparse.size").or(() -> Optional.of(-1L)).get();
      segments = checked(numbers(pax.sparseMap().get()), size, left);
    }
    return new TarEntry(
        type,
        pax.name("GNU.sparse.name").orElse(name),
        link,
        header.mode(),
        id(pax, "uid", header.uid()),
        id(pax, "gid", header.gid()),
        size,
        pax.time("mtime").orElse(PaxRecords.instant(header.modified(), 0)),
        type == TarEntry.Type.CHARACTER_DEVICE ? header.major() : 0,
        type == TarEntry.Type.CHARACTER_DEVICE ? header.minor() : 0,
        pax.isEmpty() ? Map.of() : pax.xattrs(),
        segments);
  }

  private static long id(PaxRecords pax, String key, long plain) throws TarException {
    long id = pax.number(key).orElse(plain);
    if (id < 0 || id >= 0xffff_ffffL) {
      throw new TarException("a member has an owner that is no id: " + id);
    }
    return id;
  }

  private static TarEntry.Type type(char flag, String name) throws TarException {
    return switch (flag) {
      case 0, '0' -> name.endsWith("/") ? TarEntry.Type.DIRECTORY : TarEntry.Type.FILE;
      case '7', 'S' -> TarEntry.Type.FILE;
      case '1' -> TarEntry.Type.HARD_LINK;
      case '2' -> TarEntry.Type.SYMLINK;
      case '3' -> TarEntry.Type.CHARACTER_DEVICE;
      case '4' -> TarEntry.Type.BLOCK_DEVICE;
      case '5' -> TarEntry.Type.DIRECTORY;
      case '6' -> TarEntry.Type.FIFO;
      default -> throw new TarException("a member is of an unknown type: '" + flag + "'");
    };
  }

  private List<Long> oldMap(TarHeader header) throws IOException {
    List<Long> numbers = new ArrayList<>();
    for (int i = 0; i < 4 && header.hasSegment(386 + 24 * i); i++) {
      numbers.add(header.number(386 + 24 * i, 12));
      numbers.add(header.number(398 + 24 * i, 12));
    }
    boolean more = header.hasSegment(482);
    byte[] next = new byte[TarHeader.SIZE];
    while (more) {
      if (in.readNBytes(next, 0, next.length) < next.length) {
        throw new EOFException("the archive ends in the middle of a sparse map");
      }
      for (int i = 0; i < 21 && next[24 * i] != 0; i++) {
        numbers.add(TarHeader.number(next, 24 * i, 12));
        numbers.add(TarHeader.number(next, 24 * i + 12, 12));
      }
      if (numbers.size() > 2 * MOST_SEGMENTS) {
        throw new TarException("a sparse file has more than 65,536 pieces");
      }
      more = next[504] != 0;
    }
    return numbers;
  }

  /** Format 1.0: decimal lines, filled up to whole blocks. */
  private List<Long> mapInData() throws IOException {
    long before = left;
    long count = line();
    if (count > MOST_SEGMENTS) {
      throw new TarException("a sparse file has more than 65,536 pieces");
    }
    List<Long> numbers = new ArrayList<>();
    for (long i = 0; i < 2 * count; i++) {
      numbers.add(line());
    }
    int fill = rest(before - left);
    if (fill > left) {
      throw new TarException("a sparse map is longer than its file");
    }
    skip(fill);
    left -= fill;
    return numbers;
  }

  private long line() throws IOException {
    long value = 0;
    for (int digits = 0; digits <= 18; digits++) {
      int c = left > 0 ? in.read() : -1;
      left--;
      if (c == '\n' && digits > 0) {
        return value;
      }
      if (c < '0' || c > '9') {
        break;
      }
      value = value * 10 + c - '0';
    }
    throw new TarException("a sparse map has a line that is no number");
  }

  private static List<Long> numbers(String map) throws TarException {
    List<Long> numbers = new ArrayList<>();
    if (map.isEmpty()) {
      return numbers;
    }
    for (String part : map.split(",", -1)) {
      if (!part.matches("\\d{1,18}")) {
        throw new TarException("a sparse map has a part that is no number");
      }
      numbers.add(Long.parseLong(part));
    }
    return numbers;
  }

  private static List<TarEntry.Segment> checked(List<Long> numbers, long size, long stored)
      throws TarException {
    List<TarEntry.Segment> segments = new ArrayList<>();
    long end = 0;
    long sum = 0;
    for (int i = 0; i + 1 < numbers.size(); i += 2) {
      long offset = numbers.get(i);
      long length = numbers.get(i + 1);
      if (offset < end || length < 0 || offset > size || length > size - offset) {
        throw new TarException("a sparse map has pieces that overlap or lie outside of the file");
      }
      end = offset + length;
      sum += length;
      segments.add(new TarEntry.Segment(offset, length));
    }
    if (numbers.size() % 2 != 0 || sum != stored || size < 0) {
      throw new TarException("a sparse map does not fit its file");
    }
    if (segments.isEmpty()) {
      segments.add(new TarEntry.Segment(0, 0)); // a hole as a whole
    }
    return segments;
  }

  /** Some bytes of the member that {@link #next} returned; -1 at its end. */
  public int read(byte[] bytes, int from, int length) throws IOException {
    if (left == 0) {
      return -1;
    }
    int count = in.read(bytes, from, (int) Math.min(length, left));
    if (count < 0) {
      throw new EOFException("the archive ends in the middle of a file");
    }
    left -= count;
    return count;
  }

  /** The bytes of the member that {@link #next} returned, as a stream. */
  public InputStream data() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int from, int length) throws IOException {
        return length == 0 ? 0 : TarReader.this.read(bytes, from, length);
      }
    };
  }

  private static int rest(long size) {
    return (int) (-size & (TarHeader.SIZE - 1));
  }

  private void skip(long count) throws IOException {
    try {
      in.skipNBytes(count);
    } catch (EOFException _) {
      throw new EOFException("the archive ends in the middle of a file");
    }
  }
}
