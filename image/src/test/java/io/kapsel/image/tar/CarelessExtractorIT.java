package io.kapsel.image.tar;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.confine.Loaded;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the confinement of {@link Extractor} is worth: an extractor that does whatever names say
 * escapes without it, by each of these archives, and does not with it. Needs root.
 */
class CarelessExtractorIT {
  @TempDir Path place;
  private Path canary;

  @BeforeEach
  void makeCanary() throws IOException {
    Loaded.classes(CarelessExtractorIT.class, "io.kapsel.image.tar");
    canary = Files.createDirectories(place.resolve("outside/canary"));
    Files.writeString(canary.resolve("f"), "untouched");
  }

  private byte[] archive(TarEntry... members) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarWriter tar = new TarWriter(bytes)) {
      for (TarEntry each : members) {
        tar.file(each, "changed".repeat((int) each.size() / 7).getBytes(StandardCharsets.UTF_8));
      }
      tar.finish();
    }
    return bytes.toByteArray();
  }

  private static TarEntry file(String name) {
    return TarReaderTest.member(TarEntry.Type.FILE, name, "", 7);
  }

  private static TarEntry link(TarEntry.Type type, String name, String target) {
    return TarReaderTest.member(type, name, target, 0);
  }

  /** All that an honest programmer forgets. */
  private static Extractor.Extracted careless(InputStream plain, Fd root) throws IOException {
    TarReader tar = new TarReader(plain);
    for (TarEntry entry; (entry = tar.next()) != null; ) {
      try {
        switch (entry.type()) {
          case FILE -> write(root, entry.name(), tar.data().readAllBytes());
          case SYMLINK -> Entries.symlink(entry.link(), root, entry.name());
          case HARD_LINK -> Entries.link(root, entry.link(), root, entry.name());
          case DIRECTORY, FIFO, CHARACTER_DEVICE, BLOCK_DEVICE -> {}
        }
      } catch (SyscallException _) {
        // on to the next one
      }
    }
    return new Extractor.Extracted(0, 0, false);
  }

  private static void write(Fd root, String name, byte[] content) {
    int flags = OpenFlags.WRITE | OpenFlags.TRUNCATE;
    try (Fd file = Open.at(root, name, OpenHow.of(flags).creating(0644))) {
      Content.write(file, content, 0, content.length);
    }
  }

  private void unpack(byte[] archive, boolean confined) throws IOException {
    Path target = Files.createTempDirectory(place, "target");
    try (Fd root = Open.path(target.toString(), OpenFlags.DIRECTORY)) {
      InputStream plain = new ByteArrayInputStream(archive);
      if (confined) {
        Unpacker.run(plain, root, List.of(), (in, inside, _) -> careless(in, inside));
      } else {
        careless(plain, root);
      }
    }
  }

  private void escapesOnlyUnconfined(TarEntry... members) throws IOException {
    byte[] archive = archive(members);
    FileStatus before = canaryStatus();
    unpack(archive, true);
    assertThat(canary.resolve("f")).hasContent("untouched");
    assertThat(canaryStatus().links()).isEqualTo(before.links());
    assertThat(canary.toFile().list()).containsExactly("f");

    unpack(archive, false);
    boolean escaped =
        canary.toFile().list().length > 1
            || !Files.readString(canary.resolve("f")).equals("untouched")
            || canaryStatus().links() != before.links();
    assertThat(escaped).as("it is a real attack").isTrue();
  }

  private FileStatus canaryStatus() {
    try (Fd fd = Open.path(canary.resolve("f").toString(), OpenFlags.PATH)) {
      return Attributes.status(fd);
    }
  }

  @Test
  void namesWithDots() throws IOException {
    escapesOnlyUnconfined(file("../outside/canary/f"));
  }

  @Test
  void absoluteNames() throws IOException {
    escapesOnlyUnconfined(file(canary + "/g"));
  }

  @Test
  void symbolicLinksToDirectories() throws IOException {
    escapesOnlyUnconfined(link(TarEntry.Type.SYMLINK, "d", canary.toString()), file("d/g"));
  }

  @Test
  void symbolicLinksToFiles() throws IOException {
    escapesOnlyUnconfined(link(TarEntry.Type.SYMLINK, "s", "../outside/canary/f"), file("s"));
  }

  @Test
  void hardLinks() throws IOException {
    escapesOnlyUnconfined(link(TarEntry.Type.HARD_LINK, "h", canary + "/f"), file("h"));
  }

  @Test
  void waysThroughProc() throws IOException {
    escapesOnlyUnconfined(file("/proc/self/root" + canary + "/g"));
  }
}
