package io.kapsel.image.tar;

import io.kapsel.linux.RawText;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The records of a PAX extended header; see pax(1), "pax Header Block". Values are bytes. */
final class PaxRecords {
  private static final String XATTR = "SCHILY.xattr.";
  private static final int MOST_XATTRS = 512;
  private static final int LONGEST_XATTR = 64 << 10;
  private static final long LATEST = Instant.parse("2400-01-01T00:00:00Z").getEpochSecond();

  private final Map<String, byte[]> values = new LinkedHashMap<>();
  private final StringBuilder sparse = new StringBuilder();

  /** Reads {@code length key=value\n} as often as it occurs. */
  void parse(byte[] text) throws TarException {
    int at = 0;
    while (at < text.length) {
      int space = indexOf(text, (byte) ' ', at, Math.min(text.length, at + 10));
      int length = space < 0 ? -1 : number(text, at, space);
      int end = at + length;
      if (length <= space - at + 2 || end > text.length || text[end - 1] != '\n') {
        throw new TarException("a PAX header has a record without a proper length");
      }
      int equals = indexOf(text, (byte) '=', space + 1, end);
      if (equals <= space + 1) {
        throw new TarException("a PAX header has a record without a key");
      }
      put(
          new String(text, space + 1, equals - space - 1, StandardCharsets.UTF_8),
          Arrays.copyOfRange(text, equals + 1, end - 1));
      at = end;
    }
  }

  private void put(String key, byte[] value) throws TarException {
    if (key.startsWith(XATTR) && value.length > LONGEST_XATTR) {
      throw new TarException("an extended attribute has more than 64 KiB");
    }
    if (key.equals("GNU.sparse.offset") || key.equals("GNU.sparse.numbytes")) {
      sparse.append(sparse.isEmpty() ? "" : ",").append(text(value)); // repeats, in format 0.0
      return;
    }
    values.put(key, value);
  }

  boolean isEmpty() {
    return values.isEmpty() && sparse.isEmpty();
  }

  /** A name, which may be any bytes but NUL. */
  Optional<String> name(String key) throws TarException {
    byte[] value = values.get(key);
    if (value == null || value.length == 0) {
      return Optional.empty();
    }
    if (indexOf(value, (byte) 0, 0, value.length) >= 0) {
      throw new TarException("a name in a PAX header has a NUL");
    }
    return Optional.of(RawText.decode(value));
  }

  /** A number that is not negative. */
  Optional<Long> number(String key) throws TarException {
    byte[] value = values.get(key);
    if (value == null || value.length == 0) {
      return Optional.empty();
    }
    String text = text(value);
    if (!text.matches("\\d{1,18}")) {
      throw new TarException("'" + key + "' in a PAX header is no number: '" + text + "'");
    }
    return Optional.of(Long.parseLong(text));
  }

  /** A time; one that no file system keeps becomes the epoch. */
  Optional<Instant> time(String key) throws TarException {
    byte[] value = values.get(key);
    if (value == null || value.length == 0) {
      return Optional.empty();
    }
    String text = text(value);
    if (!text.matches("-?\\d{1,19}(\\.\\d{0,30})?")) {
      throw new TarException("'" + key + "' in a PAX header is no time: '" + text + "'");
    }
    BigDecimal seconds = new BigDecimal(text.endsWith(".") ? text + "0" : text);
    long whole = seconds.setScale(0, java.math.RoundingMode.FLOOR).longValue();
    long nanos =
        seconds.subtract(BigDecimal.valueOf(whole)).movePointRight(9).longValue() % 1_000_000_000;
    return Optional.of(instant(whole, nanos));
  }

  static Instant instant(long seconds, long nanos) {
    try {
      return seconds < -(1L << 31) || seconds > LATEST
          ? Instant.EPOCH
          : Instant.ofEpochSecond(seconds, nanos);
    } catch (DateTimeException _) {
      return Instant.EPOCH;
    }
  }

  Map<String, byte[]> xattrs() throws TarException {
    Map<String, byte[]> found = new LinkedHashMap<>();
    values.forEach((key, value) -> {
      if (key.startsWith(XATTR)) {
        found.put(key.substring(XATTR.length()), value);
      }
    });
    if (found.size() > MOST_XATTRS) {
      throw new TarException("a file has more than 512 extended attributes");
    }
    return found;
  }

  /** The map of a sparse file in the formats 0.0 and 0.1; numbers with commas. */
  Optional<String> sparseMap() {
    if (!sparse.isEmpty()) {
      return Optional.of(sparse.toString());
    }
    return Optional.ofNullable(values.get("GNU.sparse.map")).map(PaxRecords::text);
  }

  /** Whether the map of a sparse file stands before its bytes, format 1.0. */
  boolean hasMapInData() throws TarException {
    return number("GNU.sparse.major").filter(it -> it == 1).isPresent();
  }

  private static String text(byte[] value) {
    return new String(value, StandardCharsets.ISO_8859_1);
  }

  private static int indexOf(byte[] text, byte wanted, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static int number(byte[] text, int from, int to) {
    int value = 0;
    for (int i = from; i < to; i++) {
      if (text[i] < '0' || text[i] > '9') {
        return -1;
      }
      value = value * 10 + text[i] - '0';
    }
    return from == to ? -1 : value;
  }
}
