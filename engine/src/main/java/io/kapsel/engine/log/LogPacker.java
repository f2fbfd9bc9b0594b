package io.kapsel.engine.log;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;

/**
 * Packs the rotated files of one log, the oldest first. Its monitor goes on rotating: a file may
 * have any name when it is packed. Only while the packed one takes its place are names held, by the
 * lock of the directory, and then the monitor rotates later.
 *
 * <p>A crash leaves a part of a packed file, which is written over, or both forms, of which the
 * plain one counts and goes next time.
 */
public final class LogPacker {
  private static final String PART = "log.part";
  private static final int ATTEMPTS = 1000;

  private final LogFiles files;
  private final Path directory;
  private final int most;
  private final Duration rest;

  /**
   * Of a log.
   *
   * @param most how many files there may be
   * @param rest how old a file is at least: what is rotated away sooner is not worth the work
   */
  public LogPacker(Path directory, LogFiles files, int most, Duration rest) {
    this.directory = directory;
    this.files = files;
    this.most = most;
    this.rest = rest;
  }

  /** Packs what is to be packed now. */
  public void run() throws IOException {
    for (int age = most - 1; age > 0; age--) {
      Path plain = files.path(age);
      try {
        if (Files.exists(plain)
            && Files.getLastModifiedTime(plain).toInstant().isBefore(Instant.now().minus(rest))) {
          pack(plain);
        }
      } catch (NoSuchFileException _) {
        // rotated right now: the next time
      }
    }
  }

  private void pack(Path plain) throws IOException {
    Path part = directory.resolve(PART);
    long inode = LogFiles.inode(plain).orElse(0L);
    try (FileChannel from = FileChannel.open(plain, StandardOpenOption.READ);
        FileChannel to =
            FileChannel.open(
                part,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
      if (LogFiles.inode(plain).filter(it -> it == inode).isEmpty()) {
        return; // renamed meanwhile: which one was opened?
      }
      PackedFile.pack(from, to, inode);
      to.force(false);
      exchange(part, inode);
    } finally {
      boolean _ = Files.deleteIfExists(part);
    }
  }

  private void exchange(Path part, long inode) throws IOException {
    try (Fd lock = Open.path(directory.toString(), OpenFlags.READ | OpenFlags.DIRECTORY)) {
      for (int i = 0; i < ATTEMPTS; i++) {
        if (Content.tryLock(lock)) {
          exchangeLocked(part, inode);
          return;
        }
        Thread.onSpinWait(); // a monitor holds it for a few renames
      }
    } catch (SyscallException e) {
      throw new IOException("cannot lock '" + directory + "'", e);
    }
  }

  /** What was packed may have another name now, or be rotated away. */
  private void exchangeLocked(Path part, long inode) throws IOException {
    for (int age = 1; age < most; age++) {
      Path plain = files.path(age);
      if (LogFiles.inode(plain).filter(it -> it == inode).isPresent()) {
        Files.move(part, LogFiles.packed(plain), StandardCopyOption.REPLACE_EXISTING);
        Files.delete(plain);
        return;
      }
    }
  }
}
