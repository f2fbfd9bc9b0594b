package io.kapsel.image.tar;

import io.airlift.compress.v3.zstd.ZstdInputStream;
import io.kapsel.linux.library.Xz;
import io.kapsel.linux.library.Zstd;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.XZInputStream;

/** Takes the packing off an archive, as far as its own first bytes say that there is one. */
public final class Unpacking {
  /** More than any root file system has; what unpacks to more is a bomb. */
  public static final long LARGEST = 64L << 30;

  /** What {@code xz -9} makes needs 65. */
  private static final int XZ_MEMORY_MIB = 72;

  /** The decoder in Java keeps its dictionary in the engine's heap, which has 64. */
  private static final int JAVA_MEMORY_MIB = 24;

  private static final int ZSTD_WINDOW_LOG = 23;
  private static final int BUFFER = 1 << 16;
  private static final int MAGIC = 6;

  private Unpacking() {}

  /** The plain bytes of {@code in}: gzip, zstd, xz, or as they are; at most {@link #LARGEST}. */
  public static InputStream of(InputStream in) throws IOException {
    return of(in, LARGEST);
  }

  /** The same with another limit. */
  static InputStream of(InputStream in, long largest) throws IOException {
    PushbackInputStream whole = new Sure(in);
    byte[] magic = whole.readNBytes(MAGIC);
    whole.unread(magic);
    try {
      return new Bounded(plain(whole, HexFormat.of().formatHex(magic)), largest);
    } catch (RuntimeException e) {
      throw new TarException("it cannot be unpacked: " + e.getMessage());
    }
  }

  private static InputStream plain(InputStream in, String start) throws IOException {
    if (start.startsWith("1f8b")) {
      return new GZIPInputStream(in, BUFFER);
    }
    if (start.startsWith("28b52ffd") || start.matches("5.2a4d18.*")) {
      return zstd(in);
    }
    return start.startsWith("fd377a585a00") ? xz(in, XZ_MEMORY_MIB) : in;
  }

  /** The plain bytes of zstd; further back than 8 MiB nothing may refer, as RFC 8878 advises. */
  public static InputStream zstd(InputStream in) throws IOException {
    return Zstd.open(in, ZSTD_WINDOW_LOG).orElseGet(() -> new ZstdInputStream(in));
  }

  /** The plain bytes of xz, if unpacking them takes no more memory than that. */
  public static InputStream xz(InputStream in, int mebibytes) throws IOException {
    Optional<InputStream> fast = Xz.open(in, (long) mebibytes << 20);
    if (fast.isPresent()) {
      return fast.get();
    }
    int most = Math.min(mebibytes, JAVA_MEMORY_MIB);
    try {
      return new XZInputStream(in, most << 10);
    } catch (MemoryLimitException e) {
      throw new IOException(
          "to unpack it takes %d MiB of memory, more than the engine has for that"
              .formatted(e.getMemoryNeeded() >> 10),
          e);
    }
  }

  /** Says that more may come until the end was seen; else gzip's later members would be missed. */
  private static final class Sure extends PushbackInputStream {
    private boolean ended;

    Sure(InputStream in) {
      super(in, MAGIC);
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int count = super.read(bytes, from, length);
      ended |= count < 0;
      return count;
    }

    @Override
    public int available() {
      return ended ? 0 : 1;
    }
  }

  /** A bomb ends here; and what a decoder throws about bad input is an IOException like all. */
  private static final class Bounded extends Flow {
    private long left;

    Bounded(InputStream in, long largest) {
      super(in);
      left = largest;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      try {
        return super.read(bytes, from, length);
      } catch (RuntimeException e) {
        throw new IOException("it cannot be unpacked: " + e.getMessage(), e);
      }
    }

    @Override
    protected void seen(byte[] bytes, int from, int count) throws IOException {
      left -= count;
      if (left < 0) {
        throw new TarException("it is larger than it may be when it is unpacked");
      }
    }
  }
}
