package io.kapsel.image.archive;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.image.Blobs;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Pins;
import io.kapsel.image.Stack;
import io.kapsel.image.tar.TarEntry;
import io.kapsel.image.tar.TarException;
import io.kapsel.image.tar.TarReader;
import io.kapsel.image.tar.Unpacking;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads what {@code docker save}, {@code podman save}, {@code skopeo copy} to {@code oci-archive:}
 * and {@code docker-archive:}, and we write: OCI layouts and Docker's older form. Every blob is
 * hashed while it is read; names in the archive are only names, never places on this machine.
 */
public final class ArchiveReader {
  private static final int MOST_MEMBERS = 100_000;
  private static final int MOST_IMAGES = 1000;
  private static final int LARGEST_ALL_DOCUMENTS = 64 << 20;

  /** The list that Docker's older form begins with. */
  record DockerList(List<ArchiveWriter.DockerEntry> entries) {}

  private final ImageStore store;
  private final Pins pins;
  private final Optional<Platform> platform;
  private final Map<String, Descriptor> files = new LinkedHashMap<>();
  private final Map<String, byte[]> documents = new LinkedHashMap<>();
  private final Map<String, String> links = new LinkedHashMap<>();
  private final Map<Reference, Digest> given = new LinkedHashMap<>();
  private int documentBytes;

  private ArchiveReader(ImageStore store, Pins pins, Optional<Platform> platform) {
    this.store = store;
    this.pins = pins;
    this.platform = platform;
  }

  /**
   * Puts all images of an archive, packed or not, into the store; returns them.
   *
   * @param platform only those for it; nothing: all, and an index as it is
   */
  public static List<Image> read(ImageStore store, Optional<Platform> platform, InputStream in) {
    try (Pins pins = store.pins()) {
      return new ArchiveReader(store, pins, platform).read(in);
    } catch (IOException e) {
      throw new ImageException.Failed("cannot load the archive: " + AtomicFile.reason(e), e);
    } catch (JsonException | InvalidSpecException e) {
      throw new ImageException.Invalid("cannot load the archive: " + e.getMessage());
    }
  }

  private List<Image> read(InputStream in) throws IOException {
    try (InputStream plain = Unpacking.of(in)) {
      members(new TarReader(plain));
    }
    byte[] index = documents.get("index.json");
    byte[] docker = documents.get("manifest.json");
    if (index == null && docker == null) {
      throw new TarException("it has neither index.json nor manifest.json, so it holds no image");
    }
    List<Found> loaded = new ArrayList<>();
    if (index != null && documents.containsKey("oci-layout")) {
      layout(Json.read(index, Index.class), docker == null ? List.of() : docker(docker), loaded);
    } else if (docker != null) {
      for (ArchiveWriter.DockerEntry each : docker(docker)) {
        older(each).ifPresent(loaded::add);
      }
    }
    if (loaded.isEmpty()) {
      throw nothing();
    }
    return store.together(() -> loaded.stream().map(this::named).toList());
  }

  private TarException nothing() {
    String wanted = platform.map(Platform::toString).orElse("this machine");
    return new TarException("it holds no image for " + wanted);
  }

  private void members(TarReader tar) throws IOException {
    int members = 0;
    for (TarEntry each; (each = tar.next()) != null; ) {
      if (++members > MOST_MEMBERS) {
        throw new TarException("it has more than 100,000 members");
      }
      member(each, tar);
    }
  }

  /** An image that is in the store and has no name yet. */
  private record Found(Descriptor target, List<Reference> names) {}

  private static List<ArchiveWriter.DockerEntry> docker(byte[] text) {
    byte[] wrapped =
        ("{\"entries\":" + new String(text, java.nio.charset.StandardCharsets.UTF_8) + "}")
            .getBytes(java.nio.charset.StandardCharsets.UTF_8);
    List<ArchiveWriter.DockerEntry> all = Json.read(wrapped, DockerList.class).entries();
    if (all.size() > MOST_IMAGES) {
      throw new ImageException.Invalid("cannot load the archive: it has more than 1,000 images");
    }
    return all;
  }

  private void member(TarEntry entry, TarReader tar) throws IOException {
    String name = clean(entry.name());
    switch (entry.type()) {
      case FILE -> file(name, entry, tar);
      case SYMLINK -> {
        int slash = name.lastIndexOf('/');
        links.put(name, clean((slash < 0 ? "" : name.substring(0, slash + 1)) + entry.link()));
      }
      case HARD_LINK -> links.put(name, clean(entry.link()));
      case DIRECTORY -> {}
      case FIFO, CHARACTER_DEVICE, BLOCK_DEVICE ->
          throw new TarException("'" + name + "' is of a kind that no image consists of");
    }
  }

  /** A path inside the archive; {@code ..} of links is resolved, and must not lead out. */
  private static String clean(String name) throws TarException {
    List<String> parts = new ArrayList<>();
    for (String part : name.split("/", -1)) {
      if (part.equals("..")) {
        if (parts.isEmpty()) {
          throw new TarException("a name leads out of it: '" + name + "'");
        }
        parts.removeLast();
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.add(part);
      }
    }
    return String.join("/", parts);
  }

  private void file(String name, TarEntry entry, TarReader tar) throws IOException {
    boolean document =
        name.endsWith(".json") || name.equals("oci-layout") || name.equals("repositories");
    if (document && !name.startsWith("blobs/")) {
      documentBytes += (int) Math.min(entry.size(), LARGEST_ALL_DOCUMENTS + 1L);
      if (entry.size() > Blobs.LARGEST_DOCUMENT || documentBytes > LARGEST_ALL_DOCUMENTS) {
        throw new TarException("'" + name + "' is too large");
      }
      documents.put(name, tar.data().readAllBytes());
      return;
    }
    Descriptor kept = store.blobs().copy("application/octet-stream", tar.data());
    pins.add(kept.id());
    if (name.startsWith("blobs/sha256/") && !name.endsWith("/" + kept.id().hex())) {
      throw new TarException("'" + name + "' does not have that digest");
    }
    files.put(name, kept);
  }

  private void layout(Index index, List<ArchiveWriter.DockerEntry> docker, List<Found> loaded) {
    if (index.manifests().size() > MOST_IMAGES) {
      throw new ImageException.Invalid("cannot load the archive: it has more than 1,000 images");
    }
    Map<String, List<String>> tags = new LinkedHashMap<>();
    docker.forEach(each ->
        tags.put(each.config().replaceFirst("^.*/", "").replace(".json", ""), each.repoTags()));
    for (Descriptor each : index.manifests()) {
      if (!each.isAttestation()) {
        find(each, tags).ifPresent(loaded::add);
      }
    }
  }

  private Optional<Found> find(Descriptor target, Map<String, List<String>> tags) {
    pinAll(target);
    Descriptor bare = target.annotated(Map.of());
    Optional<Image> image = look(bare);
    if (image.isEmpty()) {
      return Optional.empty();
    }
    List<String> names = new ArrayList<>();
    String whole = target.annotations().get(ArchiveWriter.CONTAINERD_NAME);
    String ref = target.annotations().getOrDefault(ArchiveWriter.REF_NAME, "");
    if (whole != null) {
      names.add(whole);
    } else if (ref.indexOf('/') > 0 || ref.indexOf(':') > 0) {
      names.add(ref);
    }
    if (names.isEmpty()) {
      names.addAll(tags.getOrDefault(image.get().id().hex(), List.of()));
    }
    return Optional.of(
        unpacked(image.get(), platform.isPresent() ? image.get().descriptor() : bare, names));
  }

  /** The image that is wanted of what is there. */
  private Optional<Image> look(Descriptor target) {
    return store
        .look(target, platform.orElseGet(Platform::host))
        .filter(it -> platform.isEmpty() || platform.get().serves(it.config().platform()) > 0);
  }

  /** What is in the archive stays until it has a name; what is not makes naming fail. */
  private void pinAll(Descriptor target) {
    pins.add(target.id());
    if (!store.blobs().has(target.id())) {
      throw new ImageException.Invalid(
          "cannot load the archive: it does not have '" + target.digest() + "'");
    }
  }

  private Found unpacked(Image image, Descriptor target, List<String> names) {
    List<Reference> all = names.stream().map(each -> Reference.parse(each).orLatest()).toList();
    for (Reference each : all) {
      Digest before = given.putIfAbsent(each, target.id());
      if (before != null && !before.equals(target.id())) {
        throw new ImageException.Invalid(
            "cannot load the archive: it gives '" + each.familiar() + "' to two images");
      }
    }
    pins.add(image);
    new Stack(store).of(image);
    return new Found(target, all);
  }

  private Image named(Found found) {
    Descriptor target = found.target();
    found.names().forEach(each -> store.name(each, target, Optional.empty()));
    if (found.names().isEmpty()) {
      store.keep(target);
    }
    return store.image(target.id()).orElseThrow();
  }

  private Optional<Found> older(ArchiveWriter.DockerEntry entry) throws IOException {
    byte[] config = document(entry.config());
    ImageConfig read = Json.read(config, ImageConfig.class);
    if (Platform.host().serves(read.platform()) == 0 && entry.layers().isEmpty()) {
      throw nothing();
    }
    List<Descriptor> layers = new ArrayList<>();
    for (String name : entry.layers()) {
      layers.add(layer(resolve(name)));
    }
    Descriptor kept = store.blobs().put(MediaTypes.CONFIG, config);
    pins.add(kept.id());
    byte[] manifest = Json.write(Manifest.of(kept, layers));
    Descriptor target = store.blobs().put(MediaTypes.MANIFEST, manifest);
    pins.add(target.id());
    return look(target).map(image -> unpacked(image, target, entry.repoTags()));
  }

  private byte[] document(String name) throws IOException {
    String clean = clean(name);
    byte[] known = documents.get(clean);
    return known != null ? known : store.blobs().document(resolve(clean).id());
  }

  private Descriptor resolve(String name) throws TarException {
    String at = clean(name);
    for (int hops = 0; hops < 10; hops++) {
      Descriptor found = files.get(at);
      if (found != null) {
        return found;
      }
      String next = links.get(at);
      if (next == null) {
        break;
      }
      at = next;
    }
    throw new TarException("it does not have '" + name + "'");
  }

  /** A layer by what its first bytes say. */
  private Descriptor layer(Descriptor file) throws IOException {
    byte[] magic;
    try (InputStream in = store.blobs().open(file.id())) {
      magic = in.readNBytes(4);
    }
    String start = java.util.HexFormat.of().formatHex(magic);
    String type =
        start.startsWith("1f8b")
            ? MediaTypes.LAYER_GZIP
            : start.equals("28b52ffd") ? MediaTypes.LAYER_ZSTD : MediaTypes.LAYER;
    return Descriptor.of(type, Digest.parse(file.digest()), file.size());
  }
}
