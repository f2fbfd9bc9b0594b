package io.kapsel.cli.command.image;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Times;
import io.kapsel.cli.print.HumanTime;
import io.kapsel.cli.template.Struct;
import io.kapsel.image.Image;
import io.kapsel.image.Layers;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Reference;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An image as lists show it, with the fields of Docker. */
public final class ImageRow {
  private static final String NONE = "<none>";
  private static final String NOT_SAID = "N/A";

  private ImageRow() {}

  /** One row: an image by one of its names, or by none. */
  public static Struct of(
      Image image, Optional<Reference> name, long size, boolean whole, Instant now) {
    String bytes = ByteSize.printDecimal(size);
    Digest digest = image.sources().stream().findFirst().orElse(image.descriptor().id());
    return new Struct()
        .with("Repository", name.map(Reference::familiarName).orElse(NONE))
        .with("Tag", name.flatMap(Reference::tag).orElse(NONE))
        .with("Digest", digest.toString())
        .with("ID", whole ? image.id().toString() : image.id().abbreviated())
        .with("CreatedAt", Times.print(image.created()))
        .with("CreatedSince", HumanTime.ago(image.created(), now))
        .with("Size", bytes)
        .with("VirtualSize", bytes)
        .with("Containers", NOT_SAID)
        .with("SharedSize", NOT_SAID)
        .with("UniqueSize", NOT_SAID);
  }

  /** Bytes of the unpacked layers; of those that are not unpacked, their blobs. */
  public static long size(Image image, Map<Digest, Layers.Layer> layers) {
    long size = 0;
    List<Digest> diffIds = image.config().diffIds();
    for (int i = 0; i < Math.min(diffIds.size(), image.manifest().layers().size()); i++) {
      Layers.Layer layer = layers.get(diffIds.get(i));
      size += layer == null ? image.manifest().layers().get(i).size() : layer.bytes();
    }
    return size;
  }
}
