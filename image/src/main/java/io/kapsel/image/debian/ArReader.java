package io.kapsel.image.debian;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Reads the members of an {@code ar} archive one after the other; see deb(5). */
final class ArReader {
  private static final String MAGIC = "!<arch>\n";
  private static final int HEADER = 60;

  private final InputStream in;
  private long left;
  private boolean padded;

  /** Reads from {@code in}, which stays the caller's. */
  ArReader(InputStream in) throws IOException {
    this.in = in;
    if (!text(in.readNBytes(MAGIC.length())).equals(MAGIC)) {
      throw new IOException("it is not a Debian package");
    }
  }

  /** The name of the next member, whose bytes {@link #data} gives; nothing at the end. */
  Optional<String> next() throws IOException {
    skipRest();
    byte[] header = in.readNBytes(HEADER);
    if (header.length == 0) {
      return Optional.empty();
    }
    String fields = text(header);
    if (header.length < HEADER || !fields.endsWith("`\n")) {
      throw new IOException("a header of the package is damaged");
    }
    String size = fields.substring(48, 58).strip();
    if (!size.matches("\\d{1,10}")) {
      throw new IOException("a header of the package is damaged");
    }
    left = Long.parseLong(size);
    padded = left % 2 == 1;
    String name = fields.substring(0, 16).strip();
    return Optional.of(name.endsWith("/") ? name.substring(0, name.length() - 1) : name);
  }

  /** The bytes of the member that {@link #next} has named. */
  InputStream data() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int from, int length) throws IOException {
        if (length == 0) {
          return 0;
        }
        if (left == 0) {
          return -1;
        }
        int count = in.read(bytes, from, (int) Math.min(length, left));
        if (count < 0) {
          throw new EOFException("the package ends too early");
        }
        left -= count;
        return count;
      }
    };
  }

  private void skipRest() throws IOException {
    in.skipNBytes(left);
    if (padded) {
      in.read(); // of the last member it may be missing
    }
    left = 0;
    padded = false;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
