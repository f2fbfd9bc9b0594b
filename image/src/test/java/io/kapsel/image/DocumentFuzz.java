package io.kapsel.image;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Fuzz targets: names and documents of images. They fail by any exception that does not refuse. */
public final class DocumentFuzz {
  private DocumentFuzz() {}

  private static void hold(boolean rule, String what) {
    if (!rule) {
      throw new IllegalStateException(what);
    }
  }

  private static <T> Optional<T> read(byte[] data, Class<T> type) {
    try {
      return Optional.of(Json.read(data, type));
    } catch (JsonException | InvalidSpecException _) {
      return Optional.empty(); // the way to say no
    }
  }

  private static <T> void again(T value, Class<T> type) {
    hold(Json.read(Json.write(value), type).equals(value), "what is written is not what was read");
  }

  /** The name of an image. */
  public static final class Name {
    private Name() {}

    /** What is taken is taken again, means the same, and leads nowhere else. */
    public static void fuzzerTestOneInput(byte[] data) {
      String text = new String(data, StandardCharsets.UTF_8);
      try {
        Reference read = Reference.parse(text);
        hold(Reference.parse(read.toString()).equals(read), "the whole form is another");
        hold(Reference.parse(read.familiar()).equals(read), "the short form is another");
        hold(!read.path().contains("..") && !read.path().startsWith("/"), "it leads out");
        hold(read.domain().indexOf('@') < 0 && read.domain().indexOf('/') < 0, "odd domain");
        java.net.URI uri = java.net.URI.create("https://" + read.domain() + "/v2/" + read.path());
        hold(uri.getHost() != null, "its registry has no address");
      } catch (InvalidSpecException _) {
        // the way to say no
      }
    }
  }

  /** A digest. */
  public static final class Hash {
    private Hash() {}

    /** Is safe as the name of a file. */
    public static void fuzzerTestOneInput(byte[] data) {
      String text = new String(data, StandardCharsets.UTF_8);
      Digest.find(text)
          .ifPresent(it -> {
            hold(it.toString().equals(text), "it is another");
            hold(it.hex().matches("[0-9a-f]{64}|[0-9a-f]{128}"), "it is no name of a file");
          });
    }
  }

  /** A manifest. */
  public static final class OfImage {
    private OfImage() {}

    /** Has only descriptors that can be, and no more layers than any image. */
    public static void fuzzerTestOneInput(byte[] data) {
      read(data, Manifest.class)
          .ifPresent(it -> {
            hold(it.layers().size() <= Manifest.MOST_LAYERS, "too many layers");
            for (Descriptor each : it.layers()) {
              hold(each.size() >= 0 && each.id() != null, "a layer that cannot be");
            }
            again(it, Manifest.class);
          });
    }
  }

  /** An index. */
  public static final class OfIndex {
    private OfIndex() {}

    /** Chooses one of its own, or none. */
    public static void fuzzerTestOneInput(byte[] data) {
      read(data, Index.class)
          .ifPresent(it -> {
            it.find(Platform.parse("linux/arm64/v8"))
                .ifPresent(each -> hold(it.manifests().contains(each), "not its own"));
            again(it, Index.class);
          });
    }
  }

  /** A configuration. */
  public static final class OfConfig {
    private OfConfig() {}

    /** Says for what it is and what it consists of. */
    public static void fuzzerTestOneInput(byte[] data) {
      read(data, ImageConfig.class)
          .ifPresent(it -> {
            try {
              hold(!it.platform().toString().isEmpty(), "no platform");
            } catch (InvalidSpecException _) {
              return; // the way to say no
            }
            hold(it.diffIds().size() == it.rootfs().diffIds().size(), "digests are lost");
            again(it, ImageConfig.class);
          });
    }
  }
}
