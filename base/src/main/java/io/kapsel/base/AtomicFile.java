package io.kapsel.base;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Files that are replaced whole: a reader, also one after a crash, sees the old content or the new.
 *
 * <p>{@link Durability#SURVIVES_POWER_LOSS} costs two flushes to the disk; {@link
 * Durability#SURVIVES_CRASH} costs none, and is right for what a reboot ends anyway.
 */
public final class AtomicFile {
  /** What a new content outlives once {@link #write} has returned. */
  public enum Durability {
    /** The death of this process. */
    SURVIVES_CRASH,
    /** The death of the machine. */
    SURVIVES_POWER_LOSS
  }

  /** The suffix of a new content that was not put in place yet; such files may be removed. */
  public static final String TEMPORARY_SUFFIX = ".new";

  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final Set<StandardOpenOption> NEW =
      Set.of(
          StandardOpenOption.WRITE,
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING);

  private AtomicFile() {}

  /** Replaces {@code file}'s content; whoever owns the file must not call this twice at once. */
  public static void write(Path file, byte[] content, Durability durability) {
    Path temporary = file.resolveSibling(file.getFileName() + TEMPORARY_SUFFIX);
    try {
      writeNew(temporary, content, durability);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      if (durability == Durability.SURVIVES_POWER_LOSS) {
        flushDirectory(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write '" + file + "': " + reason(e), discard(temporary, e));
    }
  }

  /** What went wrong, in the kernel's words where it said something. */
  public static String reason(IOException e) {
    if (e instanceof java.nio.file.NoSuchFileException) {
      return "no such file or directory (ENOENT)";
    }
    if (e instanceof java.nio.file.AccessDeniedException) {
      return "permission denied (EACCES)";
    }
    if (e instanceof java.nio.file.FileAlreadyExistsException) {
      return "file exists (EEXIST)";
    }
    String text = e instanceof java.nio.file.FileSystemException f ? f.getReason() : e.getMessage();
    return text == null
        ? e.getClass().getSimpleName()
        : Character.toLowerCase(text.charAt(0)) + text.substring(1);
  }

  private static void writeNew(Path temporary, byte[] content, Durability durability)
      throws IOException {
    try (FileChannel channel = FileChannel.open(temporary, NEW, PRIVATE)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      if (durability == Durability.SURVIVES_POWER_LOSS) {
        channel.force(true);
      }
    }
  }

  private static void flushDirectory(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      flush(directory);
    }
  }

  /**
   * Returns when the names in a directory outlive the death of the machine, and those gone, too.
   */
  public static void flush(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static IOException discard(Path temporary, IOException cause) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
    return cause;
  }
}
