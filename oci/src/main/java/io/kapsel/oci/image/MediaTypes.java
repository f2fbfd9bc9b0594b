package io.kapsel.oci.image;

/** Names of what a descriptor points to: those of OCI and those of Docker's schema 2. */
public final class MediaTypes {
  /** A list of manifests. */
  public static final String INDEX = "application/vnd.oci.image.index.v1+json";

  /** The layers and the configuration of one image. */
  public static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

  /** The configuration of an image. */
  public static final String CONFIG = "application/vnd.oci.image.config.v1+json";

  /** A layer that is not compressed. */
  public static final String LAYER = "application/vnd.oci.image.layer.v1.tar";

  /** A layer with gzip. */
  public static final String LAYER_GZIP = LAYER + "+gzip";

  /** A layer with zstd. */
  public static final String LAYER_ZSTD = LAYER + "+zstd";

  /** Docker's list of manifests. */
  public static final String DOCKER_LIST =
      "application/vnd.docker.distribution.manifest.list.v2+json";

  /** Docker's manifest, schema 2. */
  public static final String DOCKER_MANIFEST =
      "application/vnd.docker.distribution.manifest.v2+json";

  /** Docker's configuration. */
  public static final String DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";

  /** Docker's layer with gzip. */
  public static final String DOCKER_LAYER_GZIP =
      "application/vnd.docker.image.rootfs.diff.tar.gzip";

  /** Docker's layer that is not compressed. */
  public static final String DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";

  /** Docker's layer with zstd, as some builders write it. */
  public static final String DOCKER_LAYER_ZSTD =
      "application/vnd.docker.image.rootfs.diff.tar.zstd";

  private MediaTypes() {}

  /** How the bytes of a layer are packed. */
  public enum Compression {
    /** Plain tar. */
    NONE,
    /** RFC 1952. */
    GZIP,
    /** RFC 8878. */
    ZSTD
  }

  /** Whether it is a list of manifests. */
  public static boolean isIndex(String type) {
    return type.equals(INDEX) || type.equals(DOCKER_LIST);
  }

  /** Whether it is a manifest. */
  public static boolean isManifest(String type) {
    return type.equals(MANIFEST) || type.equals(DOCKER_MANIFEST);
  }

  /** How a layer of this type is packed; nothing when it is no layer that can be unpacked. */
  public static java.util.Optional<Compression> compression(String type) {
    return java.util.Optional.ofNullable(
        switch (type) {
          case LAYER, DOCKER_LAYER -> Compression.NONE;
          case LAYER_GZIP, DOCKER_LAYER_GZIP -> Compression.GZIP;
          case LAYER_ZSTD, DOCKER_LAYER_ZSTD -> Compression.ZSTD;
          default -> null;
        });
  }

  /** What OCI calls a layer that Docker calls so; manifests of OCI name no others. */
  public static String ociLayer(String type) {
    return switch (type) {
      case DOCKER_LAYER -> LAYER;
      case DOCKER_LAYER_GZIP -> LAYER_GZIP;
      case DOCKER_LAYER_ZSTD -> LAYER_ZSTD;
      default -> type;
    };
  }

  /** Whether the layer lies where only its publisher lets it be fetched from. */
  public static boolean isForeign(String type) {
    return type.contains(".nondistributable.") || type.contains(".foreign.");
  }
}
