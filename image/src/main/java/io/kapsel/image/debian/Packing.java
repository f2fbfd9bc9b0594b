package io.kapsel.image.debian;

import io.kapsel.image.tar.Unpacking;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** Takes the packing off that a name's ending tells of. */
final class Packing {
  private static final int BUFFER = 1 << 16;

  /** Enough for what {@code dpkg-deb} makes unless told otherwise, twice over. */
  private static final int XZ_MEMORY_MIB = 20;

  private Packing() {}

  /** The plain bytes of a member such as {@code data.tar.xz}. */
  static InputStream open(String name, InputStream in) throws IOException {
    String ending = name.substring(name.lastIndexOf('.') + 1);
    return switch (ending) {
      case "xz" -> Unpacking.xz(in, XZ_MEMORY_MIB);
      case "gz" -> new GZIPInputStream(in, BUFFER);
      case "zst" -> Unpacking.zstd(in);
      case "tar", "Packages" -> in;
      default -> throw new IOException("'" + name + "' is packed in a way that is not supported");
    };
  }
}
