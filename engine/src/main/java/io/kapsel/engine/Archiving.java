package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Pins;
import io.kapsel.image.Stack;
import io.kapsel.image.archive.NewLayer;
import io.kapsel.image.archive.TreeArchive;
import io.kapsel.image.tar.Unpacking;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.MediaTypes.Compression;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes images from archives and from what containers have changed. */
final class Archiving {
  private final ImageStore store;

  Archiving(ImageStore store) {
    this.store = store;
  }

  /**
   * What a new image says besides its layers.
   *
   * @param created when; the same content and time give the same image
   */
  record Remarks(Instant created, Optional<String> author, String createdBy, String comment) {}

  /** An image of one layer from the archive of a root file system, packed or not. */
  Image imported(
      InputStream in,
      Platform platform,
      ImageConfig.Execution execution,
      Remarks remarks,
      Optional<Reference> name) {
    try (Pins pins = store.pins();
        InputStream plain = Unpacking.of(in)) {
      NewLayer layer = NewLayer.write(store.blobs(), plain::transferTo);
      pins.add(layer.descriptor().id());
      ImageConfig config = config(platform, execution, List.of(layer.diffId()), List.of(), remarks);
      return keep(config, List.of(layer.descriptor()), name, pins);
    } catch (IOException e) {
      throw new ImageException.Failed("cannot import the archive: " + AtomicFile.reason(e), e);
    }
  }

  /**
   * An image with more layers.
   *
   * @param base nothing: a single layer of all {@code layers} together
   * @param own how many of the layers are the container's own
   * @param layers the upper ones first, the container's own before all others
   */
  Image committed(
      Optional<Image> base,
      int own,
      List<Path> layers,
      ImageConfig.Execution execution,
      Remarks remarks,
      Optional<Reference> name,
      Compression compression) {
    List<Fd> open = new ArrayList<>();
    try (Pins pins = store.pins()) {
      for (Path each : layers) {
        open.add(Open.path(each.toString(), OpenFlags.DIRECTORY));
      }
      List<NewLayer> made =
          written(base.isPresent() ? open.subList(0, own) : List.of(), open, compression);
      made.forEach(layer -> pins.add(layer.descriptor().id()));
      List<Digest> diffIds = new ArrayList<>();
      List<Descriptor> blobs = new ArrayList<>();
      List<ImageConfig.History> history = new ArrayList<>();
      base.ifPresent(image -> {
        diffIds.addAll(image.config().diffIds());
        image.manifest().layers().stream()
            .map(it -> Descriptor.of(MediaTypes.ociLayer(it.mediaType()), it.id(), it.size()))
            .forEach(blobs::add);
        history.addAll(image.config().history());
      });
      made.forEach(layer -> {
        diffIds.add(layer.diffId());
        blobs.add(layer.descriptor());
      });
      made.stream().skip(1).forEach(_ -> history.add(step(remarks)));
      Platform platform = base.map(it -> it.config().platform()).orElseGet(Platform::host);
      return keep(config(platform, execution, diffIds, history, remarks), blobs, name, pins);
    } catch (IOException | SyscallException e) {
      throw new ImageException.Failed("cannot commit: " + e.getMessage(), e);
    } finally {
      open.forEach(Fd::close);
    }
  }

  /** A layer for each, the lowest first; or one for all. */
  private List<NewLayer> written(List<Fd> apart, List<Fd> all, Compression compression)
      throws IOException {
    List<NewLayer> made = new ArrayList<>();
    for (Fd each : apart.reversed()) {
      made.add(NewLayer.write(store.blobs(), compression, out -> TreeArchive.layer(each, out)));
    }
    if (apart.isEmpty()) {
      made.add(NewLayer.write(store.blobs(), compression, out -> TreeArchive.merged(all, out)));
    }
    return made;
  }

  private static ImageConfig.History step(Remarks remarks) {
    return new ImageConfig.History(
        Optional.of(remarks.created().toString()),
        Optional.of(remarks.createdBy()),
        remarks.author(),
        Optional.of(remarks.comment()).filter(it -> !it.isEmpty()),
        Optional.empty());
  }

  private static ImageConfig config(
      Platform platform,
      ImageConfig.Execution execution,
      List<Digest> diffIds,
      List<ImageConfig.History> before,
      Remarks remarks) {
    String created = remarks.created().toString();
    List<ImageConfig.History> history = new ArrayList<>(before);
    history.add(step(remarks));
    return new ImageConfig(
        Optional.of(created),
        remarks.author(),
        platform.architecture(),
        platform.os(),
        platform.osVersion(),
        platform.variant(),
        Optional.of(execution),
        new ImageConfig.RootFs("layers", diffIds.stream().map(Digest::toString).toList()),
        history);
  }

  private Image keep(
      ImageConfig config, List<Descriptor> layers, Optional<Reference> name, Pins pins) {
    Descriptor about = store.blobs().put(MediaTypes.CONFIG, Json.write(config));
    pins.add(about.id());
    Descriptor target =
        store
            .blobs()
            .put(MediaTypes.MANIFEST, Json.write(Manifest.of(about, layers)))
            .on(config.platform());
    pins.add(target.id());
    Image image = store.look(target).orElseThrow();
    pins.add(image);
    new Stack(store).of(image); // what cannot be unpacked gets no name
    if (name.isPresent()) {
      store.name(name.get().orLatest(), target, Optional.empty());
    } else {
      store.keep(target);
    }
    return store.image(target.id()).orElseThrow();
  }

  /** All that a container sees of its layers, as one archive. */
  static void export(List<Path> layers, OutputStream out) {
    List<Fd> open = new ArrayList<>();
    try {
      for (Path each : layers) {
        open.add(Open.path(each.toString(), OpenFlags.DIRECTORY));
      }
      TreeArchive.merged(open, out);
    } catch (IOException | SyscallException e) {
      throw new ImageException.Failed("cannot export: " + e.getMessage(), e);
    } finally {
      open.forEach(Fd::close);
    }
  }
}
