package io.kapsel.cli.command.system;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.container.ContainerRow;
import io.kapsel.cli.command.image.ImageRow;
import io.kapsel.cli.command.volume.VolumeRow;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.Images;
import io.kapsel.image.Image;
import io.kapsel.image.Layers;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Reference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code kapsel system df -v}: each thing that takes room. */
final class SystemUsageDetails {
  private static final Listing IMAGES =
      new Listing(
          List.of(
              ".Repository",
              ".Tag",
              ".ID",
              ".CreatedSince",
              ".Size",
              ".SharedSize",
              ".UniqueSize",
              ".Containers"),
          Map.of(
              "Repository", "REPOSITORY",
              "Tag", "TAG",
              "ID", "IMAGE ID",
              "CreatedSince", "CREATED",
              "Size", "SIZE",
              "SharedSize", "SHARED SIZE",
              "UniqueSize", "UNIQUE SIZE",
              "Containers", "CONTAINERS"));
  private static final Listing CONTAINERS =
      new Listing(
          List.of(
              ".ID",
              ".Image",
              ".Command",
              ".LocalVolumes",
              ".Size",
              ".RunningFor",
              ".Status",
              ".Names"),
          Map.of(
              "ID", "CONTAINER ID",
              "Image", "IMAGE",
              "Command", "COMMAND",
              "LocalVolumes", "LOCAL VOLUMES",
              "Size", "SIZE",
              "RunningFor", "CREATED",
              "Status", "STATUS",
              "Names", "NAMES"));
  private static final Listing VOLUMES =
      new Listing(
          List.of(".Name", ".Links", ".Size"),
          Map.of("Name", "VOLUME NAME", "Links", "LINKS", "Size", "SIZE"));

  private final List<Struct> images;
  private final List<Struct> containers;
  private final List<Struct> volumes;

  private SystemUsageDetails(List<Struct> images, List<Struct> containers, List<Struct> volumes) {
    this.images = images;
    this.containers = containers;
    this.volumes = volumes;
  }

  static SystemUsageDetails of(Engine engine, Instant now) {
    return new SystemUsageDetails(
        images(engine.images(), engine.containers(), now),
        engine.containers().stream().map(it -> ContainerRow.of(it, now, false, true)).toList(),
        engine.volumes().list().stream()
            .map(it -> VolumeRow.measured(engine.volumes(), it))
            .toList());
  }

  private static List<Struct> images(
      Images images, List<Engine.Container> containers, Instant now) {
    Map<Digest, Layers.Layer> layers = images.store().layers().all();
    List<Image> all = images.list();
    Set<Digest> shared = sharedLayers(all);
    Map<String, Long> users =
        containers.stream()
            .flatMap(it -> it.imageId().stream())
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    List<Struct> rows = new ArrayList<>();
    for (Image image : all) {
      long size = ImageRow.size(image, layers);
      long common =
          image.config().diffIds().stream()
              .distinct()
              .filter(shared::contains)
              .flatMap(it -> Optional.ofNullable(layers.get(it)).stream())
              .mapToLong(Layers.Layer::bytes)
              .sum();
      names(image)
          .map(name -> ImageRow.of(image, name, size, false, now))
          .map(row ->
              row.with("SharedSize", ByteSize.printDecimal(common))
                  .with("UniqueSize", ByteSize.printDecimal(Math.max(0, size - common)))
                  .with("Containers", users.getOrDefault(image.id().toString(), 0L).toString()))
          .forEach(rows::add);
    }
    return rows;
  }

  private static Stream<Optional<Reference>> names(Image image) {
    return image.names().isEmpty()
        ? Stream.of(Optional.empty())
        : image.names().stream().map(Optional::of);
  }

  private static Set<Digest> sharedLayers(List<Image> images) {
    Set<Digest> seen = new HashSet<>();
    Set<Digest> again = new HashSet<>();
    for (Image image : images) {
      for (Digest layer : Set.copyOf(image.config().diffIds())) {
        if (!seen.add(layer)) {
          again.add(layer);
        }
      }
    }
    return again;
  }

  String text() {
    return part("Images", IMAGES, images)
        + "\n"
        + part("Containers", CONTAINERS, containers)
        + "\n"
        + part("Local Volumes", VOLUMES, volumes);
  }

  private static String part(String what, Listing listing, List<Struct> rows) {
    return what + " space usage:\n\n" + listing.text("table", rows);
  }

  /** What a template sees. */
  Struct fields() {
    return new Struct()
        .with("Images", images)
        .with("Containers", containers)
        .with("Volumes", volumes)
        .with("BuildCache", List.of());
  }
}
