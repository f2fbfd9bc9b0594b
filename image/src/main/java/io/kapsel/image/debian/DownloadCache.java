package io.kapsel.image.debian;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.ImageException;
import io.kapsel.linux.library.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Files of archives on disk, by their SHA-256. A file is there whole and right or not at all; one
 * that lost bytes in a power failure is found out when it is used. What nobody has used for a month
 * goes.
 */
final class DownloadCache {
  private static final int BUFFER = 1 << 16;
  private static final Duration UNUSED = Duration.ofDays(30);
  private static final String PART = ".part";

  private final Path directory;
  private final AtomicLong parts = new AtomicLong();

  /** Keeps its files in {@code directory}. */
  DownloadCache(Path directory) {
    this.directory = directory;
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw failed(directory, e);
    }
  }

  /** A file of the archive, from the disk or from its address. */
  Path file(Transport transport, URI uri, Release.File expected)
      throws Transport.Missing, InterruptedException {
    Path kept = directory.resolve(expected.sha256());
    return isWhole(kept, expected)
        ? kept
        : transport.read(uri, in -> keep(in, uri, kept, expected));
  }

  private static boolean isWhole(Path kept, Release.File expected) {
    try {
      if (!Files.isRegularFile(kept) || Files.size(kept) != expected.size()) {
        return false;
      }
      MessageDigest digest = sha256();
      try (InputStream in = Files.newInputStream(kept);
          OutputStream hashing = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
        copy(in, hashing, Long.MAX_VALUE);
      }
      if (!hex(digest).equals(expected.sha256())) {
        return false;
      }
      Files.setLastModifiedTime(kept, FileTime.from(Instant.now()));
      return true;
    } catch (IOException e) {
      throw failed(kept, e);
    }
  }

  private Path keep(InputStream in, URI uri, Path kept, Release.File expected) throws IOException {
    Path part = directory.resolve(expected.sha256() + "." + parts.incrementAndGet() + PART);
    MessageDigest digest = sha256();
    try {
      try (OutputStream out = new DigestOutputStream(create(part), digest)) {
        long size = copy(in, out, expected.size());
        if (size < expected.size()) {
          throw new IOException("it ends after " + size + " of " + expected.size() + " bytes");
        }
      }
      String found = hex(digest);
      if (!found.equals(expected.sha256())) {
        throw new ImageException.Refused(
            "cannot trust '%s': its SHA-256 is %s, not %s"
                .formatted(uri, found, expected.sha256()));
      }
      Files.move(part, kept, StandardCopyOption.REPLACE_EXISTING);
      return kept;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** To write fails for want of space, not of the network, and is not tried again. */
  private OutputStream create(Path part) {
    try {
      OutputStream out = Files.newOutputStream(part);
      return new OutputStream() {
        @Override
        public void write(int b) throws IOException {
          write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
          try {
            out.write(bytes, from, length);
          } catch (IOException e) {
            throw failed(part, e);
          }
        }

        @Override
        public void close() throws IOException {
          out.close();
        }
      };
    } catch (IOException e) {
      throw failed(part, e);
    }
  }

  private static long copy(InputStream in, OutputStream out, long most) throws IOException {
    byte[] buffer = new byte[BUFFER];
    long size = 0;
    int count;
    while ((count = in.read(buffer)) > 0) {
      size += count;
      if (size > most) {
        throw new IOException("it is longer than the index says: " + most + " bytes");
      }
      out.write(buffer, 0, count);
      if (Thread.currentThread().isInterrupted()) {
        throw new java.io.InterruptedIOException("interrupted");
      }
    }
    return size;
  }

  /** Removes what was left half written, and what nobody has used for a month. */
  void tidy() {
    Instant limit = Instant.now().minus(UNUSED);
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Optional<Instant> used = used(file);
        if (used.map(it -> it.isBefore(limit)).orElse(false)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw failed(directory, e);
    }
  }

  private static Optional<Instant> used(Path file) {
    try {
      return Optional.of(Files.getLastModifiedTime(file).toInstant());
    } catch (IOException e) {
      return Optional.empty(); // somebody else has tidied
    }
  }

  private static ImageException failed(Path file, IOException e) {
    return new ImageException.Failed("cannot keep '" + file + "': " + AtomicFile.reason(e), e);
  }

  static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest sha256() {
    return Sha256.start();
  }
}
