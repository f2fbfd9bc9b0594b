package io.kapsel.engine;

import io.kapsel.base.ByteSize;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.mount.FilesystemContext;
import io.kapsel.linux.mount.LoopDevice;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A volume with a size: a file system of its own in a file that takes as much room as is written to
 * it. So the size holds for all file systems that the engine may keep its things on.
 */
final class VolumeImage {
  private static final String FILE = "image";
  private static final long LEAST = 16 << 20;
  private static final List<String> PROGRAMS =
      List.of("/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4", "/usr/bin/mkfs.ext4");

  private VolumeImage() {}

  /** How large it is to be, where nothing but a size is asked for. */
  static Optional<Long> size(Map<String, String> options) {
    return options.keySet().equals(Set.of("size"))
        ? Optional.of(ByteSize.parse(options.getOrDefault("size", "")))
        : Optional.empty();
  }

  static void check(String name, Map<String, String> options) {
    try {
      if (size(options).filter(bytes -> bytes < LEAST).isPresent()) {
        throw new EngineException.Invalid(
            "create", name, "a volume of a size has at least 16 MiB, not " + options.get("size"));
      }
    } catch (IllegalArgumentException e) {
      throw new EngineException.Invalid("create", name, String.valueOf(e.getMessage()));
    }
  }

  /** Makes the file; nothing is mounted yet. */
  static void make(String name, Path place, long bytes) throws IOException {
    Path file = place.resolve(FILE);
    try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
      image.setLength(bytes);
    }
    String program =
        PROGRAMS.stream()
            .filter(each -> Files.isExecutable(Path.of(each)))
            .findFirst()
            .orElseThrow(() ->
                new EngineException.Refused(
                    "create", name, "there is no mkfs.ext4; install e2fsprogs"));
    List<String> words =
        List.of(
            program,
            "-q",
            "-F",
            "-m",
            "0",
            "-E",
            "root_owner=0:0,lazy_itable_init=1,nodiscard",
            file.toString());
    try (Child child = Spawn.path(program).arguments(words).environment(List.of()).start()) {
      if (child.await().raw() != 0) {
        throw new EngineException.Failed("create", name, "mkfs.ext4 has failed", null);
      }
    }
  }

  /** The file system, detached. */
  static Fd open(Path place) {
    try (Fd file = Open.path(place.resolve(FILE).toString(), OpenFlags.READ_WRITE);
        LoopDevice device = LoopDevice.of(file);
        FilesystemContext context = FilesystemContext.open("ext4")) {
      context.option("source", device.path());
      return context.mount(0);
    }
  }

  /** What a new file system has in it keeps others from taking it for empty. */
  static void empty(Path content) throws IOException {
    Files.deleteIfExists(content.resolve("lost+found"));
  }
}
