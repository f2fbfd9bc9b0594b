package io.kapsel.image.registry;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.image.Blobs;
import io.kapsel.image.ImageException;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.MediaTypes;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One repository at one endpoint; distribution-spec, "Endpoints". */
final class Repository {
  private static final String ACCEPTED =
      String.join(
          ", ",
          MediaTypes.INDEX,
          MediaTypes.MANIFEST,
          MediaTypes.DOCKER_LIST,
          MediaTypes.DOCKER_MANIFEST);

  /** A document with its description. */
  static final class Document {
    private final Descriptor descriptor;
    private final byte[] bytes;

    Document(Descriptor descriptor, byte[] bytes) {
      this.descriptor = descriptor;
      this.bytes = bytes;
    }

    Descriptor descriptor() {
      return descriptor;
    }

    byte[] bytes() {
      return bytes;
    }
  }

  /** A page of names. */
  record TagPage(List<String> tags) {}

  private final Server server;
  private final String path;
  private final String namespace;

  /** With {@code namespace} for a mirror: the registry that it stands for. */
  Repository(Server server, String path, Optional<String> namespace) {
    this.server = server;
    this.path = path;
    this.namespace = namespace.map(it -> "?ns=" + encode(it)).orElse("");
  }

  Server server() {
    return server;
  }

  String path() {
    return path;
  }

  private String pull() {
    return "repository:" + path + ":pull";
  }

  String push() {
    return "repository:" + path + ":pull,push";
  }

  /** The manifest or index of a tag or digest, checked against what is known of it. */
  Document manifest(String name, Optional<Digest> expected) throws IOException {
    try (Answer answer =
        server.send(
            () ->
                Transport.Message.get(
                    server.uri(path + "/manifests/" + name + namespace),
                    Map.of("Accept", ACCEPTED)),
            pull())) {
      if (!answer.ok()) {
        throw server.failure(answer, "fetch '" + path + ":" + name + "'");
      }
      byte[] bytes = answer.read(Blobs.LARGEST_DOCUMENT);
      Digest digest = Digest.of(bytes);
      Optional<Digest> said = answer.header("Docker-Content-Digest").flatMap(Digest::find);
      for (Digest each :
          java.util.stream.Stream.concat(expected.stream(), said.stream()).toList()) {
        if (!each.matches(bytes)) {
          throw new ImageException.Refused(
              "cannot fetch '%s:%s': '%s' sends something with the digest %s instead of %s"
                  .formatted(path, name, server.host(), digest, each));
        }
      }
      String type = type(answer, bytes);
      Digest known = expected.orElse(digest);
      return new Document(Descriptor.of(type, known, bytes.length), bytes);
    }
  }

  /** What the document says of itself counts, for it is what the digest vouches for. */
  private String type(Answer answer, byte[] bytes) {
    String header = answer.header("Content-Type").map(it -> it.split(";", 2)[0].strip()).orElse("");
    try {
      Typed typed = Json.read(bytes, Typed.class);
      String type = typed.mediaType().orElse(header);
      if (typed.schemaVersion() == 1 || type.contains("docker.distribution.manifest.v1")) {
        throw new ImageException.Refused(
            "cannot fetch '" + path + "': it is in Docker's schema 1, which is no longer read");
      }
      if (MediaTypes.isIndex(type) || MediaTypes.isManifest(type)) {
        return type;
      }
      throw new ImageException.Refused(
          "cannot fetch '" + path + "': '" + printable(type) + "' is no image");
    } catch (JsonException e) {
      throw new ImageException.Refused("cannot fetch '" + path + "': " + e.getMessage());
    }
  }

  private static String printable(String text) {
    String plain = text.replaceAll("[^\\p{Print}]", "?");
    return plain.length() > 100 ? plain.substring(0, 100) + "…" : plain;
  }

  /** The part that all documents share. */
  record Typed(int schemaVersion, Optional<String> mediaType) {}

  /** Whether a manifest is there, and under which digest. */
  Optional<String> headDigest(String name) throws IOException {
    try (Answer answer =
        server.send(
            () ->
                new Transport.Message(
                    "HEAD",
                    server.uri(path + "/manifests/" + name + namespace),
                    Map.of("Accept", ACCEPTED),
                    null),
            pull())) {
      return answer.ok() ? answer.header("Docker-Content-Digest") : Optional.empty();
    }
  }

  /** A small blob as a whole. */
  byte[] document(Descriptor descriptor) throws IOException {
    if (descriptor.size() > Blobs.LARGEST_DOCUMENT) {
      throw new ImageException.Refused(
          "cannot fetch '" + descriptor.digest() + "': it says that it has more than 8 MiB");
    }
    try (Download download = new Download(this, descriptor, 0)) {
      byte[] bytes = download.readAllBytes();
      if (!descriptor.id().matches(bytes)) {
        throw new ImageException.Refused(
            "cannot fetch '"
                + descriptor.digest()
                + "': '"
                + server.host()
                + "' sends something else");
      }
      return bytes;
    }
  }

  /** The bytes of a blob from an offset on: 206, or 200 from the beginning. */
  Answer blob(Digest digest, long offset) throws IOException {
    return server.send(
        () ->
            Transport.Message.get(
                server.uri(path + "/blobs/" + digest + namespace),
                offset == 0 ? Map.of() : Map.of("Range", "bytes=" + offset + "-")),
        pull());
  }

  /** Whether a blob is there. */
  boolean hasBlob(Digest digest, String scope) throws IOException {
    try (Answer answer =
        server.send(
            () ->
                new Transport.Message(
                    "HEAD", server.uri(path + "/blobs/" + digest), Map.of(), null),
            scope)) {
      return answer.ok();
    }
  }

  void putManifest(String name, String type, byte[] bytes) throws IOException {
    try (Answer answer =
        server.send(
            () ->
                new Transport.Message(
                    "PUT",
                    server.uri(path + "/manifests/" + name),
                    Map.of("Content-Type", type),
                    () -> HttpRequest.BodyPublishers.ofByteArray(bytes)),
            push())) {
      if (!answer.ok()) {
        throw server.failure(answer, "push '" + path + ":" + name + "'");
      }
    }
  }

  /** All tags. */
  List<String> tags() throws IOException {
    return Pages.all(
        server,
        path + "/tags/list?n=1000",
        pull(),
        "list the tags of '" + path + "'",
        page -> Json.read(page, TagPage.class).tags());
  }

  /** What refers to a manifest: signatures, bills of material. */
  Index referrers(Digest digest) throws IOException {
    try (Answer answer =
        server.send(
            () -> Transport.Message.get(server.uri(path + "/referrers/" + digest), Map.of()),
            pull())) {
      if (answer.ok()) {
        return Json.read(answer.read(Blobs.LARGEST_DOCUMENT), Index.class);
      }
      if (answer.status() != 404) {
        throw server.failure(answer, "list what refers to '" + digest + "'");
      }
    } catch (JsonException | InvalidSpecException e) {
      throw new ImageException.Refused(
          "cannot list what refers to '" + digest + "': " + e.getMessage());
    }
    String tag = digest.algorithm().label() + "-" + digest.hex();
    try {
      return Json.read(manifest(tag, Optional.empty()).bytes(), Index.class);
    } catch (ImageException.NotFound _) {
      return Index.of(List.of());
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
