package io.kapsel.cli.command.spec;

import io.kapsel.base.AtomicFile;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.CommandException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The file of {@code --cidfile}. It is made before the container, so that a file that exists is
 * found in time, and vanishes again when no container came of it.
 */
public final class IdFile implements AutoCloseable {
  private static final int ENGINE = 125;
  private static final PosixFilePermission[] BITS = {
    PosixFilePermission.OTHERS_WRITE,
    PosixFilePermission.OTHERS_READ,
    PosixFilePermission.GROUP_WRITE,
    PosixFilePermission.GROUP_READ,
    PosixFilePermission.OWNER_WRITE,
    PosixFilePermission.OWNER_READ
  };
  private static final int[] MODES = {02, 04, 020, 040, 0200, 0400};

  private final @Nullable Path path;
  private boolean written;

  private IdFile(@Nullable Path path) {
    this.path = path;
  }

  /** Makes the file that the command line asks for, or nothing. */
  public static IdFile reserve(Call call) {
    return call.arguments()
        .last(RunFlags.ID_FILE)
        .map(name -> reserve(call.request().path(name), call.request().umask()))
        .orElseGet(() -> new IdFile(null));
  }

  private static IdFile reserve(Path path, int umask) {
    FileAttribute<Set<PosixFilePermission>> mode =
        PosixFilePermissions.asFileAttribute(permissions(umask));
    try {
      Files.createFile(path, mode);
      return new IdFile(path);
    } catch (FileAlreadyExistsException e) {
      throw new CommandException(
          ENGINE,
          "container ID file found, make sure the other container isn't running or delete " + path);
    } catch (IOException e) {
      throw cannot(path, e);
    }
  }

  private static Set<PosixFilePermission> permissions(int umask) {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    for (int bit = 0; bit < BITS.length; bit++) {
      if ((umask & MODES[bit]) == 0) {
        permissions.add(BITS[bit]);
      }
    }
    return permissions;
  }

  public void write(String id) {
    if (path == null) {
      return;
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(id.getBytes(StandardCharsets.US_ASCII)));
      written = true;
    } catch (IOException e) {
      throw cannot(path, e);
    }
  }

  private static CommandException cannot(Path path, IOException e) {
    return new CommandException(
        ENGINE, "cannot write the container's id to '" + path + "': " + AtomicFile.reason(e));
  }

  @Override
  public void close() {
    if (path == null || written) {
      return;
    }
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw cannot(path, e);
    }
  }
}
