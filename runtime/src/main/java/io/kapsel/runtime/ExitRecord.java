package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.process.WaitStatus;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * How a program ended.
 *
 * @param lost whether the monitor was lost, so that nobody saw the end
 */
public record ExitRecord(WaitStatus status, Instant finished, boolean lost) {
  private static final int MAGIC = 0x54495845;
  private static final int SIZE = 64;
  private static final int KILL = 9;
  private static final long NANOS = 1_000_000_000L;

  /** What is known when a monitor was killed: the program was killed after it. */
  static ExitRecord unseen() {
    return new ExitRecord(WaitStatus.killed(KILL, false), Instant.now(), true);
  }

  /** The exit code as a shell has it: 128 and the signal for one that was killed. */
  public int code() {
    return status.code();
  }

  /** Reads the file that a monitor left, if there is a whole one. */
  static Optional<ExitRecord> read(Path file) {
    try (Fd fd = Open.path(file.toString(), OpenFlags.READ)) {
      return parse(Content.readAll(fd, SIZE));
    } catch (SyscallException e) {
      if (e.isMissing()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Reads what a monitor wrote (docs/guide/wire.md, section 2), if it is whole. */
  public static Optional<ExitRecord> parse(byte[] bytes) {
    if (bytes.length < SIZE) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (in.getInt() != MAGIC || in.getInt() != 1) {
      return Optional.empty();
    }
    int status = in.getInt();
    in.getInt();
    long finished = in.getLong();
    return Optional.of(
        new ExitRecord(
            new WaitStatus(status),
            Instant.ofEpochSecond(finished / NANOS, finished % NANOS),
            false));
  }
}
