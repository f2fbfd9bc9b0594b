package io.kapsel.lxc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A file for what comes on a console. It is opened for each piece, so that whoever moves it away
 * gets a new one, and its time is that of its last piece: an engine that begins anew knows where to
 * go on.
 *
 * @param limit how many bytes it may have; 0: as many as there are
 * @param kept whether one that is full becomes {@code FILE.1}, and is not just emptied
 */
record LxcConsoleFile(Path path, long limit, boolean kept) {
  private static final String LABEL = "io.kapsel.lxc.console";
  private static final String SUFFIX = ".1";
  private static final long LEAST = 4096;
  private static final long USUAL = 128 << 10;

  /** Those that a configuration names. */
  static List<LxcConsoleFile> of(LxcConfig config) {
    List<LxcConsoleFile> all = new ArrayList<>();
    config
        .value("lxc.console.path")
        .filter(it -> !it.equals("none"))
        .ifPresent(it -> all.add(new LxcConsoleFile(Path.of(it), 0, false)));
    boolean kept = config.value("lxc.console.rotate").filter("1"::equals).isPresent();
    config
        .value("lxc.console.logfile")
        .ifPresent(it -> all.add(new LxcConsoleFile(Path.of(it), limit(config), kept)));
    return all;
  }

  /** As LXC has it: at least a page, and a power of two. */
  private static long limit(LxcConfig config) {
    long said =
        config
            .value("lxc.console.size")
            .map(it -> it.equals("auto") ? USUAL : LxcValues.size(it))
            .orElse(0L);
    return said == 0 ? 0 : Math.max(LEAST, Long.highestOneBit(Math.max(1, said - 1)) << 1);
  }

  /** How a container knows its own. */
  static Map<String, String> labels(LxcConfig config) {
    List<String> lines =
        of(config).stream().map(it -> it.limit + ":" + it.kept + ":" + it.path).toList();
    return lines.isEmpty() ? Map.of() : Map.of(LABEL, String.join("\n", lines));
  }

  /** Those of a container with such labels. */
  static List<LxcConsoleFile> of(Map<String, String> labels) {
    List<LxcConsoleFile> all = new ArrayList<>();
    for (String line : labels.getOrDefault(LABEL, "").lines().toList()) {
      String[] parts = line.split(":", 3);
      all.add(
          new LxcConsoleFile(
              Path.of(parts[2]), Long.parseLong(parts[0]), Boolean.parseBoolean(parts[1])));
    }
    return all;
  }

  /** Makes it where it is not there; says when that cannot be. */
  void make() {
    try (FileChannel _ = open()) {
      // from now on it is there
    } catch (NoSuchFileException e) {
      throw new LxcException(
          "cannot write the console to '" + path + "': no such directory (ENOENT)");
    } catch (IOException e) {
      throw new LxcException("cannot write the console to '" + path + "': " + e.getMessage());
    }
  }

  private FileChannel open() throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException("it is no regular file; 'lxc-console -t 0' shows the console");
    }
    return FileChannel.open(
        path,
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  /** Until when it has everything; empty when it is not there. */
  Optional<Instant> until() {
    try {
      return Optional.of(Files.getLastModifiedTime(path).toInstant());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Adds a piece that came at some time. */
  void add(byte[] piece, Instant time) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(piece);
    while (left.hasRemaining()) {
      try (FileChannel file = open()) {
        long space = limit == 0 ? Long.MAX_VALUE : limit - file.size();
        if (space > 0) {
          ByteBuffer part = left.slice(left.position(), (int) Math.min(space, left.remaining()));
          left.position(left.position() + file.write(part));
          continue;
        }
        if (!kept) {
          file.truncate(0);
          continue;
        }
      }
      Files.move(
          path,
          path.resolveSibling(path.getFileName() + SUFFIX),
          StandardCopyOption.REPLACE_EXISTING);
    }
    Files.setLastModifiedTime(path, FileTime.from(time));
  }
}
