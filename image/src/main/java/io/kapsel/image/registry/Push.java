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
  private static final long CHUNK = 16 << 20;

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
    return run(whole, target, others);
  }

  /** Pushes an image, which need not have that name here. */
  public Digest run(Reference name, Image image) {
    return run(name.orLatest(), image.descriptor(), List.of());
  }

  private Digest run(Reference whole, Descriptor target, List<Reference> others) {
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
    Upload upload = null;
    for (Reference each : others) {
      Optional<Upload> begun = begin(repository, "?mount=" + digest + "&from=" + each.path());
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

  /**
   * An upload that has begun.
   *
   * @param least bytes that all pieces but the last must have; distribution-spec, "Pushing a blob
   *     in chunks"
   */
  private record Upload(URI next, long least) {
    static Upload of(Answer answer) {
      String least = answer.header("OCI-Chunk-Min-Length").orElse("");
      return new Upload(
          Transport.next(answer.uri(), answer.header("Location").orElse("")),
          least.matches("\\d{1,12}") ? Long.parseLong(least) : 0);
    }
  }

  /** Where to upload to; nothing when the registry says that the blob is mounted. */
  private static Optional<Upload> begin(Repository repository, String query) throws IOException {
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
        case 202 -> Optional.of(Upload.of(answer));
        default -> throw server.failure(answer, "push to '" + repository.path() + "'");
      };
    }
  }

  private void send(Repository repository, Upload begun, Descriptor blob) throws IOException {
    Upload upload = begun;
    long piece = Math.max(CHUNK, begun.least());
    long offset = 0;
    while (blob.size() - offset > piece) {
      upload = patch(repository, upload, new Piece(blob, offset, piece));
      offset += piece;
      progress.at(blob.id(), Progress.Phase.PUSHING, offset, blob.size());
    }
    finish(repository, upload, new Piece(blob, offset, blob.size() - offset));
  }

  /** Some bytes of a blob; they are read from the disk while they are sent. */
  private record Piece(Descriptor blob, long offset, long length) {
    String range() {
      return offset + "-" + (offset + length - 1);
    }
  }

  private HttpRequest.BodyPublisher body(Piece piece) {
    if (piece.length() == 0) {
      return HttpRequest.BodyPublishers.noBody();
    }
    return HttpRequest.BodyPublishers.fromPublisher(
        HttpRequest.BodyPublishers.ofInputStream(() -> read(piece)), piece.length());
  }

  private InputStream read(Piece piece) {
    InputStream in = store.blobs().open(piece.blob().id());
    try {
      in.skipNBytes(piece.offset());
      return new Bounded(in, piece.length());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private Upload patch(Repository repository, Upload upload, Piece piece) throws IOException {
    Map<String, String> headers =
        Map.of("Content-Type", "application/octet-stream", "Content-Range", piece.range());
    try (Answer answer =
        repository
            .server()
            .send(
                () -> new Transport.Message("PATCH", upload.next(), headers, () -> body(piece)),
                repository.push())) {
      if (answer.status() != 202) {
        throw repository.server().failure(answer, "push to '" + repository.path() + "'");
      }
      return Upload.of(answer);
    }
  }

  private void finish(Repository repository, Upload upload, Piece piece) throws IOException {
    String separator = upload.next().getRawQuery() == null ? "?" : "&";
    String digest = piece.blob().digest();
    URI last = URI.create(upload.next() + separator + "digest=" + digest.replace(":", "%3A"));
    Map<String, String> headers = Map.of("Content-Type", "application/octet-stream");
    try (Answer answer =
        repository
            .server()
            .send(
                () -> new Transport.Message("PUT", last, headers, () -> body(piece)),
                repository.push())) {
      if (answer.status() != 201) {
        throw repository.server().failure(answer, "push '" + digest + "'");
      }
    }
  }

  /** So much of a stream and no more. */
  private static final class Bounded extends InputStream {
    private final InputStream in;
    private long left;

    Bounded(InputStream in, long length) {
      this.in = in;
      this.left = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int count = left == 0 ? -1 : in.read(bytes, from, (int) Math.min(length, left));
      left -= Math.max(count, 0);
      return count;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
