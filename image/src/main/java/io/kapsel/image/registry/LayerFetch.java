package io.kapsel.image.registry;

import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.image.Part;
import io.kapsel.image.tar.Ahead;
import io.kapsel.image.tar.Extractor;
import io.kapsel.image.tar.Flow;
import io.kapsel.image.tar.Hashed;
import io.kapsel.image.tar.Unpacking;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Brings one layer: hashes, keeps, decompresses, hashes again and unpacks its bytes while they
 * come, in one pass. Bytes that an earlier try has left are used first.
 */
final class LayerFetch {
  private final ImageStore store;
  private final Repository repository;
  private final Progress progress;

  LayerFetch(ImageStore store, Repository repository, Progress progress) {
    this.store = store;
    this.repository = repository;
    this.progress = progress;
  }

  void run(Descriptor layer, Digest diffId) throws IOException {
    Digest digest = layer.id();
    ReentrantLock lock = store.blobs().lock(digest);
    lock.lock(); // another pull of the same layer does the work for both
    try {
      if (store.blobs().hasWhole(layer)) {
        progress.at(digest, Progress.Phase.EXISTS, layer.size(), layer.size());
        return; // the stack unpacks what is not unpacked
      }
      boolean resumed = attempt(layer, diffId, false);
      if (resumed) {
        attempt(layer, diffId, true);
      }
      progress.at(digest, Progress.Phase.COMPLETE, layer.size(), layer.size());
    } finally {
      lock.unlock();
    }
  }

  /** Whether it has to be tried once more, because what an earlier try had left is of no use. */
  private boolean attempt(Descriptor layer, Digest diffId, boolean last) throws IOException {
    try (Part part = store.blobs().part(layer.id())) {
      if (part.size() > layer.size()) {
        part.discard();
        return true;
      }
      boolean resumed = part.size() > 0;
      try {
        if (store.layers().find(diffId).isPresent()) {
          keep(layer, part);
        } else {
          boolean mine =
              store.layers().make(diffId, directory -> unpack(layer, diffId, part, directory));
          if (!mine) {
            keep(layer, part);
          }
        }
        return false;
      } catch (Unusable e) {
        part.discard();
        if (resumed && !last) {
          return true;
        }
        throw new ImageException.Refused(
            "cannot fetch '" + layer.digest() + "': " + e.getMessage());
      }
    }
  }

  /** The bytes are there, but they are not what they should be. */
  private static final class Unusable extends IOException {
    private static final long serialVersionUID = 1;

    Unusable(String message) {
      super(message);
    }
  }

  private Extractor.Extracted unpack(Descriptor layer, Digest diffId, Part part, Fd directory)
      throws IOException {
    try (Source source = new Source(layer, part);
        Hashed packed = new Hashed(source, layer.id().algorithm())) {
      Extractor.Extracted done;
      Digest content;
      Digest blob;
      Ahead ahead = new Ahead(packed);
      try (ahead;
          Hashed plain = new Hashed(Unpacking.of(ahead), diffId.algorithm())) {
        done = Extractor.extract(plain, directory, Extractor.Form.LAYER);
        content = plain.finish();
        ahead.skipRest();
        blob = packed.finish();
      } catch (IOException e) {
        if (ahead.failed() || e.getMessage() == null || isOurs(e)) {
          throw e;
        }
        throw new Unusable(e.getMessage());
      }
      verify(layer, blob);
      if (!content.equals(diffId)) {
        throw new Unusable("its content is not what the image's configuration says");
      }
      part.keep(layer.id());
      return done;
    }
  }

  /** Whether this machine, or whoever gave up, is to blame, not the archive. */
  private static boolean isOurs(IOException e) {
    return e instanceof InterruptedIOException
        || (e.getCause() instanceof SyscallException syscall && syscall.isShortage());
  }

  private static void verify(Descriptor layer, Digest found) throws IOException {
    if (!found.equals(layer.id())) {
      throw new Unusable("what comes has the digest '" + found + "'");
    }
  }

  private void keep(Descriptor layer, Part part) throws IOException {
    try (Hashed packed = new Hashed(new Source(layer, part), layer.id().algorithm())) {
      verify(layer, packed.finish());
      part.keep(layer.id());
    }
  }

  /** What is there of a blob, then the rest, which is kept while it is read. */
  private final class Source extends Flow {
    private final Descriptor layer;
    private long count;

    Source(Descriptor layer, Part part) throws IOException {
      super(
          new SequenceInputStream(
              part.read(), new Kept(new Download(repository, layer, part.size()), part.append())));
      this.layer = layer;
    }

    @Override
    protected void seen(byte[] bytes, int from, int got) {
      count += got;
      progress.at(layer.id(), Progress.Phase.DOWNLOADING, count, layer.size());
    }
  }

  private static final class Kept extends Flow {
    private final OutputStream copy;

    Kept(InputStream in, OutputStream copy) {
      super(in);
      this.copy = copy;
    }

    @Override
    protected void seen(byte[] bytes, int from, int count) throws IOException {
      copy.write(bytes, from, count);
    }
  }
}
