package io.kapsel.image.debian;

import io.airlift.compress.v3.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.XZInputStream;

/** Takes the packing off that a name's ending tells of. */
final class Packing {
  private static final int BUFFER = 1 << 16;

  /** Enough for what {@code dpkg-deb} makes unless told otherwise, twice over. */
  private static final int XZ_MEMORY_KIB = 20 << 10;

  private Packing() {}

  /** The plain bytes of a member such as {@code data.tar.xz}. */
  static InputStream open(String name, InputStream in) throws IOException {
    String ending = name.substring(name.lastIndexOf('.') + 1);
    return switch (ending) {
      case "xz" -> xz(in);
      case "gz" -> new GZIPInputStream(in, BUFFER);
      case "zst" -> new ZstdInputStream(in);
      case "tar", "Packages" -> in;
      default -> throw new IOException("'" + name + "' is packed in a way that is not supported");
    };
  }

  private static InputStream xz(InputStream in) throws IOException {
    try {
      return new XZInputStream(in, XZ_MEMORY_KIB);
    } catch (MemoryLimitException e) {
      throw new IOException(
          "to unpack it takes %d MiB of memory, more than the engine has for that"
              .formatted(e.getMemoryNeeded() >> 10),
          e);
    }
  }
}
