package io.kapsel.image.registry;

import io.kapsel.base.Json;
import io.kapsel.image.Image;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Index;
import io.kapsel.oci.image.Manifest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Brings an image from the store to a registry: only what it does not have yet. */
public final class Push {
  private static final int CHUNK = 16 << 20;

  private final ImageStore store;
  private final Client client;
  private final Progress progress;

  /** From {@code store}. */
  public Push(ImageStore store, Client client, Progress progress) {
    this.store = store;
    this.client = client;
    this.progress = progress;
  }

  /** Pushes what has that name; returns the digest under which the registry knows it. */
  public Digest run(Reference name) {
    Reference whole = name.orLatest();
    Descriptor target =
        store
            .target(whole)
            .orElseThrow(() ->
                new ImageException.NotFound(
                    "cannot push '" + whole.familiar() + "': there is no image with that name"));
    List<Reference> others =
        store.image(target.id()).map(Image::names).orElse(List.of()).stream()
            .filter(each -> each.domain().equals(whole.domain()))
            .filter(each -> !each.path().equals(whole.path()))
            .toList();
    return client.home(
        whole,
        "push",
        repository -> {
          push(repository, target, others, whole.tag());
          return target.id();
        });
  }

  private void push(
      Repository repository, Descriptor target, List<Reference> others, Optional<String> tag)
      throws IOException {
    byte[] bytes = store.blobs().document(target.id());
    if (MediaTypes.isIndex(target.mediaType())) {
      for (Descriptor each : Json.read(bytes, Index.class).manifests()) {
        if (!store.blobs().has(each.id())) {
          throw new ImageException.NotFound(
              "cannot push '"
                  + target.digest()
                  + "': the image for "
                  + each.platform().map(Object::toString).orElse("another platform")
                  + " is not here");
        }
        push(repository, each, others, Optional.empty());
      }
    } else {
      Manifest manifest = Json.read(bytes, Manifest.class);
      Set<Descriptor> blobs = new LinkedHashSet<>(manifest.layers());
      blobs.add(manifest.config());
      for (Descriptor each : blobs) {
        blob(repository, each, others);
      }
    }
    repository.putManifest(tag.orElse(target.digest()), target.mediaType(), bytes);
  }

  private void blob(Repository repository, Descriptor blob, List<Reference> others)
      throws IOException {
    Digest digest = blob.id();
    if (repository.hasBlob(digest, repository.push())) {
      progress.at(digest, Progress.Phase.EXISTS, blob.size(), blob.size());
      return;
    }
    URI upload = null;
    for (Reference each : others) {
      Optional<URI> begun = begin(repository, "?mount=" + digest + "&from=" + each.path());
      // A registry may say that it has mounted what it does not have: look.
      if (begun.isEmpty() && repository.hasBlob(digest, repository.push())) {
        progress.at(digest, Progress.Phase.MOUNTED, blob.size(), blob.size());
        return;
      }
      if (begun.isPresent()) {
        upload = begun.get();
        break;
      }
    }
    if (upload == null) {
      upload =
          begin(repository, "")
              .orElseThrow(() ->
                  new ImageException.Refused(
                      "cannot push '" + digest + "': the registry opens no upload"));
    }
    send(repository, upload, blob);
    progress.at(digest, Progress.Phase.COMPLETE, blob.size(), blob.size());
  }

  /** Where to upload to; nothing when the registry says that the blob is mounted. */
  private static Optional<URI> begin(Repository repository, String query) throws IOException {
    Server server = repository.server();
    try (Answer answer =
        server.send(
            () ->
                new Transport.Message(
                    "POST",
                    server.uri(repository.path() + "/blobs/uploads/" + query),
                    Map.of(),
                    HttpRequest.BodyPublishers::noBody),
            repository.push())) {
      return switch (answer.status()) {
        case 201 -> Optional.empty();
        case 202 -> Optional.of(location(answer));
        default -> throw server.failure(answer, "push to '" + repository.path() + "'");
      };
    }
  }

  /** Where the registry wants the next request; what proves who we are goes home only. */
  private static URI location(Answer answer) {
    return Transport.next(answer.uri(), answer.header("Location").orElse(""));
  }

  private void send(Repository repository, URI upload, Descriptor blob) throws IOException {
    URI next = upload;
    try (InputStream in = store.blobs().open(blob.id())) {
      long offset = 0;
      while (blob.size() - offset > CHUNK) {
        byte[] chunk = in.readNBytes(CHUNK);
        next = patch(repository, next, chunk, offset);
        offset += chunk.length;
        progress.at(blob.id(), Progress.Phase.PUSHING, offset, blob.size());
      }
      byte[] rest = in.readNBytes(CHUNK);
      finish(repository, next, blob, rest);
    }
  }

  private static URI patch(Repository repository, URI upload, byte[] chunk, long offset)
      throws IOException {
    Map<String, String> headers =
        Map.of(
            "Content-Type",
            "application/octet-stream",
            "Content-Range",
            offset + "-" + (offset + chunk.length - 1));
    try (Answer answer =
        repository
            .server()
            .send(
                () ->
                    new Transport.Message(
                        "PATCH",
                        upload,
                        headers,
                        () -> HttpRequest.BodyPublishers.ofByteArray(chunk)),
                repository.push())) {
      if (answer.status() != 202) {
        throw repository.server().failure(answer, "push to '" + repository.path() + "'");
      }
      return location(answer);
    }
  }

  private static void finish(Repository repository, URI upload, Descriptor blob, byte[] rest)
      throws IOException {
    String separator = upload.getRawQuery() == null ? "?" : "&";
    URI last = URI.create(upload + separator + "digest=" + blob.digest().replace(":", "%3A"));
    try (Answer answer =
        repository
            .server()
            .send(
                () ->
                    new Transport.Message(
                        "PUT",
                        last,
                        Map.of("Content-Type", "application/octet-stream"),
                        () -> HttpRequest.BodyPublishers.ofByteArray(rest)),
                repository.push())) {
      if (answer.status() != 201) {
        throw repository.server().failure(answer, "push '" + blob.digest() + "'");
      }
    }
  }
}
