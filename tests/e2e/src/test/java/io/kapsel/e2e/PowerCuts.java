package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A disk that remembers the order of what was written to it and flushed, so that its state at any
 * moment can be made again: an ext4 in a file, through QEMU's driver {@code blklogwrites}, FUSE and
 * a loop device. ext4 is as lazy as it can be told to be: what a program did not flush itself is
 * not written before something is renamed over it.
 */
final class PowerCuts implements AutoCloseable {
  private static final int SECTOR = 512;
  private static final long FLUSH = 1;
  private static final long NO_DATA = 4 | 8; // discards, which take nothing away, and marks

  /** Of the pages that were on their way when the power went, each came or not. */
  private static final int PIECE = 4096;

  private final Path home;
  private final Path mounted;
  private final Process driver;
  private final String loop;

  private record Entry(long offset, long length, long at, boolean flush) {}

  private PowerCuts(Path home, Path mounted, Process driver, String loop) {
    this.home = home;
    this.mounted = mounted;
    this.driver = driver;
    this.loop = loop;
  }

  /** Mounts a new disk at {@code directory}. */
  static PowerCuts mount(Path home, Path directory) throws IOException {
    for (String each : List.of("base", "log", "disk")) {
      Files.createFile(home.resolve(each));
    }
    sh(home, "truncate -s 384M base; mke2fs -q -t ext4 -J size=4 base");
    Process driver =
        new Command(
                List.of(
                    "qemu-storage-daemon",
                    "--blockdev",
                    "driver=file,filename=" + home.resolve("base") + ",node-name=base",
                    "--blockdev",
                    "driver=file,filename=" + home.resolve("log") + ",node-name=log",
                    "--blockdev",
                    "driver=blklogwrites,file=base,log=log,node-name=both",
                    "--export",
                    "type=fuse,id=disk,node-name=both,writable=on,mountpoint="
                        + home.resolve("disk")))
            .start();
    Await.until("the disk is there", () -> size(home.resolve("disk")) > 0);
    sh(home, "cp --sparse=always base cut");
    oneRequestAtATime(home);
    String loop = sh(home, "losetup -f --show disk").line();
    sh(home, "mount -o noauto_da_alloc,commit=1 " + loop + " " + directory);
    return new PowerCuts(home, directory, driver, loop);
  }

  /**
   * QEMU 7.2 reads a request of FUSE over the one that it serves: no reading ahead, no direct I/O.
   */
  private static void oneRequestAtATime(Path home) {
    sh(home, "echo 0 >/sys/class/bdi/$(stat -c %Hd:%Ld disk)/read_ahead_kb");
  }

  private static Result sh(Path in, String script) {
    return Command.of("sh", "-ec", script).in(in).run().ok();
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How far the log has come: all that was flushed before is before it. */
  long position() {
    return size(home.resolve("log"));
  }

  /** Ends the writing; cuts can be made now. */
  @Override
  public void close() {
    Await.until(
        Duration.ofSeconds(20),
        () -> "it is unmounted",
        () -> Command.of("umount", mounted.toString()).run().exitCode() == 0);
    Command.of("losetup", "-d", loop).run();
    driver.destroy();
    Await.until(Duration.ofSeconds(20), () -> "the driver ends", () -> !driver.isAlive());
  }

  /**
   * Mounts the disk as it was when the power went at a moment. What was flushed by then is there;
   * of what was written after that, any part.
   *
   * <p>Moments must be asked for in their order.
   *
   * @param moment a position of the log
   */
  void cut(long moment, SplittableRandom random, Path directory) throws IOException {
    List<Entry> entries = entries(moment);
    int flushed = entries.size();
    while (flushed > 0 && !entries.get(flushed - 1).flush()) {
      flushed--;
    }
    try (FileChannel log = FileChannel.open(home.resolve("log"), StandardOpenOption.READ)) {
      apply(entries.subList(0, flushed), log, home.resolve("cut"), PIECE, () -> true);
      sh(home, "cp --sparse=always cut torn");
      apply(
          entries.subList(flushed, entries.size()),
          log,
          home.resolve("torn"),
          PIECE,
          random::nextBoolean);
    }
    sh(home, "mount -o loop torn " + directory);
  }

  /** Fails unless all that was remembered is what was written. */
  void checkLog() throws IOException {
    try (FileChannel log = FileChannel.open(home.resolve("log"), StandardOpenOption.READ)) {
      apply(entries(position()), log, home.resolve("cut"), PIECE, () -> true);
    }
    sh(home, "cmp cut base");
  }

  private static void apply(
      List<Entry> entries,
      FileChannel log,
      Path image,
      int piece,
      java.util.function.BooleanSupplier comes)
      throws IOException {
    try (FileChannel out = FileChannel.open(image, StandardOpenOption.WRITE)) {
      for (Entry each : entries) {
        for (long done = 0; done < each.length(); done += piece) {
          ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(piece, each.length() - done));
          while (bytes.hasRemaining()
              && log.read(bytes, each.at() + done + bytes.position()) > 0) {}
          if (comes.getAsBoolean()) {
            out.write(bytes.flip(), each.offset() + done);
          }
        }
      }
    }
  }

  /** The log up to a moment: for each entry a sector that says what it is, then its bytes. */
  private List<Entry> entries(long moment) throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (FileChannel log = FileChannel.open(home.resolve("log"), StandardOpenOption.READ)) {
      long at = SECTOR; // the first says that this is a log
      while (at < moment) {
        ByteBuffer head = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
        log.read(head, at);
        long flags = head.getLong(16);
        long length = (flags & NO_DATA) == 0 ? head.getLong(8) * SECTOR : 0;
        at += SECTOR;
        entries.add(new Entry(head.getLong(0) * SECTOR, length, at, (flags & FLUSH) != 0));
        at += length;
      }
    }
    return entries;
  }
}
