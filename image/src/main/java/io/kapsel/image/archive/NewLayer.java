package io.kapsel.image.archive;

import io.airlift.compress.v3.zstd.ZstdOutputStream;
import io.kapsel.image.Blobs;
import io.kapsel.image.Part;
import io.kapsel.image.tar.Hashed;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.MediaTypes.Compression;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * A layer that was just written to the store.
 *
 * @param diffId the digest before compression
 */
public record NewLayer(Descriptor descriptor, Digest diffId) {
  private static final int BUFFER = 1 << 16;

  /** Something that writes a plain archive. */
  @FunctionalInterface
  public interface Writing {
    /** Writes it; whether it closes the stream does not matter. */
    void to(OutputStream out) throws IOException;
  }

  /** Compresses an archive into the store. */
  public static NewLayer write(Blobs blobs, Writing writing) throws IOException {
    return write(blobs, Compression.GZIP, writing);
  }

  /** The same, packed like that. */
  public static NewLayer write(Blobs blobs, Compression compression, Writing writing)
      throws IOException {
    try (Part part = blobs.fresh()) {
      try {
        DigestOutputStream packed =
            new DigestOutputStream(part.append(), Hashed.start(Digest.Algorithm.SHA256));
        DigestOutputStream plain =
            new DigestOutputStream(
                packing(compression, packed), Hashed.start(Digest.Algorithm.SHA256));
        writing.to(plain);
        plain.close();
        Digest digest = Digest.finish(Digest.Algorithm.SHA256, packed.getMessageDigest());
        Digest diffId = Digest.finish(Digest.Algorithm.SHA256, plain.getMessageDigest());
        if (blobs.has(digest)) {
          part.discard();
        } else {
          part.keep(digest);
        }
        long size = blobs.size(digest).orElseThrow();
        return new NewLayer(Descriptor.of(type(compression), digest, size), diffId);
      } catch (IOException e) {
        part.discard();
        throw e;
      }
    }
  }

  private static String type(Compression compression) {
    return switch (compression) {
      case NONE -> MediaTypes.LAYER;
      case GZIP -> MediaTypes.LAYER_GZIP;
      case ZSTD -> MediaTypes.LAYER_ZSTD;
    };
  }

  private static OutputStream packing(Compression compression, OutputStream out)
      throws IOException {
    return switch (compression) {
      case NONE -> new Open(out);
      case GZIP -> new Gzip(out);
      case ZSTD -> new ZstdOutputStream(new Open(out));
    };
  }

  /** Stays open: the channel below is needed once more. */
  private static final class Open extends FilterOutputStream {
    Open(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      out.write(bytes, from, length);
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }

  /** Fast rather than small: a layer is written once and mostly read from the unpacked one. */
  private static final class Gzip extends GZIPOutputStream {
    Gzip(OutputStream out) throws IOException {
      super(out, BUFFER);
      def.setLevel(Deflater.BEST_SPEED);
    }

    @Override
    public void close() throws IOException {
      finish(); // the channel below is needed once more
    }
  }
}
