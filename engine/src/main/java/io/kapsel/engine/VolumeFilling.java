package io.kapsel.engine;

import io.kapsel.image.archive.TreeArchive;
import io.kapsel.image.tar.Extractor;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Path;
import java.util.List;

/** Gives an empty volume what the root file system has at its place, with owners and modes. */
final class VolumeFilling {
  private static final int PIPE = 1 << 16;

  private final List<Path> layers;

  VolumeFilling(List<Path> layers) {
    this.layers = layers;
  }

  /**
   * Does nothing when the volume has something or is read-only, or the root file system has no such
   * directory.
   */
  void fill(Path content, String target) {
    try (Fd volume = Open.path(content.toString(), OpenFlags.DIRECTORY);
        LayeredDirectory source = LayeredDirectory.find(layers, target)) {
      if (source.isThere()
          && Entries.isEmpty(volume)
          && !Attributes.filesystem(volume).isReadOnly()) {
        copy(source.parts(), volume);
        FileStatus status = Attributes.status(source.parts().getFirst());
        Attributes.own(volume, status.uid(), status.gid());
        Attributes.mode(volume, status.mode());
      }
    } catch (IOException | SyscallException e) {
      throw new EngineException.Failed(
          "fill the volume at", target, String.valueOf(e.getMessage()), e);
    }
  }

  private static void copy(List<Fd> from, Fd to) throws IOException {
    try (PipedInputStream in = new PipedInputStream(PIPE);
        PipedOutputStream out = new PipedOutputStream(in)) {
      Thread writer = Thread.ofVirtual().name("fill").start(() -> write(from, out));
      Extractor.Extracted _ = Extractor.extract(in, to, Extractor.Form.TREE);
      join(writer);
    }
  }

  private static void join(Thread writer) throws IOException {
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** When it fails, the archive ends too early, which the reader tells. */
  private static void write(List<Fd> from, OutputStream out) {
    try (out) {
      TreeArchive.merged(from, out);
    } catch (IOException e) {
      System.getLogger(VolumeFilling.class.getName())
          .log(System.Logger.Level.WARNING, "a volume cannot be filled", e);
    }
  }
}
