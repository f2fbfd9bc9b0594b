package io.kapsel.image.registry;

import io.kapsel.oci.image.Digest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Lets a {@link LoopbackRegistry} keep what is pushed, as strictly as the specification has it. */
final class MemoryRegistry {
  private static final Pattern BLOB = Pattern.compile("/v2/(.+)/blobs/(sha256:[0-9a-f]{64})");
  private static final Pattern UPLOADS = Pattern.compile("/v2/(.+)/blobs/uploads/(\\d*)");
  private static final Pattern MANIFEST = Pattern.compile("/v2/(.+)/manifests/(.+)");

  record Document(String type, byte[] bytes) {}

  final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
  final Map<String, Document> manifests = new ConcurrentHashMap<>();
  private final Map<String, ByteArrayOutputStream> uploads = new ConcurrentHashMap<>();
  private final AtomicInteger next = new AtomicInteger();

  /** Whether it says that it has mounted blobs, without having them. */
  volatile boolean lies;

  MemoryRegistry(LoopbackRegistry registry) {
    registry.otherwise(this::answer);
  }

  private void answer(LoopbackRegistry.Asked asked, OutputStream out) throws IOException {
    String path = asked.path().replaceFirst("\\?.*", "");
    Matcher upload = UPLOADS.matcher(path);
    Matcher blob = BLOB.matcher(path);
    Matcher manifest = MANIFEST.matcher(path);
    if (upload.matches()) {
      upload(asked, path, upload.group(2), out);
    } else if (blob.matches()) {
      send(asked, "application/octet-stream", blobs.get(blob.group(2)), out);
    } else if (manifest.matches() && asked.method().equals("PUT")) {
      Document document = new Document(asked.header("Content-Type"), asked.body());
      manifests.put(manifest.group(2), document);
      manifests.put(Digest.of(asked.body()).toString(), document);
      LoopbackRegistry.head(out, 201, "Content-Length: 0");
    } else if (manifest.matches()) {
      Document found = manifests.get(manifest.group(2));
      send(asked, found == null ? "" : found.type(), found == null ? null : found.bytes(), out);
    } else {
      LoopbackRegistry.head(out, path.equals("/v2/") ? 200 : 404, "Content-Length: 0");
    }
  }

  private static void send(
      LoopbackRegistry.Asked asked, String type, byte[] bytes, OutputStream out)
      throws IOException {
    if (bytes == null) {
      LoopbackRegistry.head(out, 404, "Content-Length: 0");
    } else {
      LoopbackRegistry.bytes(type, bytes).to(asked, out);
    }
  }

  private void upload(LoopbackRegistry.Asked asked, String path, String id, OutputStream out)
      throws IOException {
    switch (asked.method()) {
      case "POST" -> {
        if (lies && asked.path().contains("mount=")) {
          LoopbackRegistry.head(out, 201, "Content-Length: 0");
          return;
        }
        String made = Integer.toString(next.incrementAndGet());
        uploads.put(made, new ByteArrayOutputStream());
        LoopbackRegistry.head(out, 202, "Content-Length: 0", "Location: " + path + made + "?s=1");
      }
      case "PATCH" -> {
        ByteArrayOutputStream begun = uploads.get(id);
        int size = begun.size();
        boolean follows =
            asked.header("Content-Range").equals(size + "-" + (size + asked.body().length - 1));
        begun.write(asked.body());
        LoopbackRegistry.head(
            out, follows ? 202 : 416, "Content-Length: 0", "Location: " + path + "?s=2");
      }
      case "PUT" -> {
        ByteArrayOutputStream begun = uploads.remove(id);
        begun.write(asked.body());
        String digest = asked.path().replaceFirst(".*digest=", "").replace("%3A", ":");
        boolean right = Digest.of(begun.toByteArray()).toString().equals(digest);
        if (right) {
          blobs.put(digest, begun.toByteArray());
        }
        LoopbackRegistry.head(out, right ? 201 : 400, "Content-Length: 0");
      }
      default -> LoopbackRegistry.head(out, 405, "Content-Length: 0");
    }
  }
}
