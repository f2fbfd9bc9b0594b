package io.kapsel.image;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.oci.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.Function;

/**
 * Content that is not whole yet. What is written goes on its way to the disk at once, so that there
 * is little left to wait for when it gets its name.
 */
public final class Part implements AutoCloseable {
  private static final long STRETCH = 8 << 20;

  private final Path file;
  private final Function<Digest, Path> places;
  private final FileChannel channel;
  private final Fd fd;
  private long begun;

  @SuppressWarnings("MustBeClosed") // closed by close()
  Part(Path file, Function<Digest, Path> places) throws IOException {
    this.file = file;
    this.places = places;
    this.channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ);
    try {
      begun = channel.size();
      channel.position(begun);
      fd = Open.path(file.toString(), OpenFlags.READ);
    } catch (IOException | SyscallException e) {
      channel.close();
      throw e;
    }
  }

  /** How much of it is there already. */
  public long size() throws IOException {
    return channel.size();
  }

  /** What is there already, from its beginning. */
  public InputStream read() throws IOException {
    return Files.newInputStream(file);
  }

  /** Where the rest is written to. */
  public OutputStream append() {
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, from, length);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        long end = channel.position();
        if (end - begun >= STRETCH) {
          beginSync(end);
        }
      }
    };
  }

  private void beginSync(long end) {
    try {
      Content.beginSync(fd, begun, end - begun);
    } catch (SyscallException _) {
      // what is wrong is said when all of it is flushed
    }
    begun = end;
  }

  /** Forgets all of it. */
  public void discard() throws IOException {
    if (channel.isOpen()) {
      channel.truncate(0);
      begun = 0;
    }
    Files.deleteIfExists(file);
  }

  /** It is whole, and has that digest: flushes it and gives it its name. */
  public void keep(Digest digest) throws IOException {
    channel.force(true);
    Path place = places.apply(digest);
    Files.move(file, place, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel directory =
        FileChannel.open(place.resolveSibling("."), StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  @Override
  public void close() throws IOException {
    fd.close();
    channel.close();
  }
}
