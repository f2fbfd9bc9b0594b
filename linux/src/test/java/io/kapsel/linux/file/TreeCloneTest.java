package io.kapsel.linux.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeCloneTest {
  private static final byte[] WORD = "word".getBytes(StandardCharsets.UTF_8);

  @TempDir Path place;
  private Path from;
  private Path to;

  @BeforeEach
  void make() throws IOException {
    from = Files.createDirectory(place.resolve("from"));
    to = Files.createDirectory(place.resolve("to"));
  }

  private void copy() {
    try (Fd source = Open.path(from.toString(), OpenFlags.DIRECTORY);
        Fd target = Open.path(to.toString(), OpenFlags.DIRECTORY)) {
      TreeClone.copy(source, target);
    }
  }

  @Test
  void keepsModesTimesLinksAndAttributes() throws IOException {
    Path file = Files.writeString(from.resolve("file"), "hello");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r-xr-----"));
    Files.setAttribute(file, "user:word", ByteBuffer.wrap(WORD));
    Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_000_000, 42_000)));
    Path directory = Files.createDirectories(from.resolve("a/b"));
    Files.createLink(directory.resolve("again"), file);
    Files.createSymbolicLink(from.resolve("dangling"), Path.of("/nowhere"));
    Files.setLastModifiedTime(directory, FileTime.from(Instant.ofEpochSecond(2_000_000)));
    Files.setPosixFilePermissions(from, PosixFilePermissions.fromString("rwxr-x--x"));

    copy();

    Path copied = to.resolve("file");
    assertThat(copied).hasContent("hello");
    assertThat(Files.getPosixFilePermissions(copied))
        .isEqualTo(Files.getPosixFilePermissions(file));
    assertThat(Files.getLastModifiedTime(copied)).isEqualTo(Files.getLastModifiedTime(file));
    assertThat((byte[]) Files.getAttribute(copied, "user:word")).isEqualTo(WORD);
    assertThat(Files.isSameFile(copied, to.resolve("a/b/again"))).isTrue();
    assertThat(Files.isSameFile(copied, file)).isFalse();
    assertThat(Files.readSymbolicLink(to.resolve("dangling"))).isEqualTo(Path.of("/nowhere"));
    assertThat(Files.getLastModifiedTime(to.resolve("a/b")))
        .isEqualTo(Files.getLastModifiedTime(directory));
    assertThat(Files.getPosixFilePermissions(to)).isEqualTo(Files.getPosixFilePermissions(from));
  }

  @Test
  void leavesHolesOut() throws IOException {
    Path file = from.resolve("sparse");
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.wrap(WORD), 8 << 20);
      out.write(ByteBuffer.wrap(WORD), 64L << 20);
      out.write(ByteBuffer.wrap(new byte[] {0}), (1L << 30) - 1);
    }

    copy();

    Path copied = to.resolve("sparse");
    assertThat(Files.mismatch(file, copied)).isEqualTo(-1);
    try (Fd dir = Open.path(to.toString(), OpenFlags.DIRECTORY)) {
      assertThat(Attributes.status(dir, "sparse").blocks()).isLessThan(1000);
    }
  }

  @Test
  void keepsAttributesOfWhatHasNoContent() throws IOException {
    Files.createSymbolicLink(from.resolve("link"), Path.of("/nowhere"));
    OpenHow place = OpenHow.of(OpenFlags.PATH | OpenFlags.NO_FOLLOW);
    try (Fd top = Open.path(from.toString(), OpenFlags.DIRECTORY)) {
      Entries.makeNode(top, "pipe", FileType.FIFO, 0600, new DeviceNumber(0, 0));
      for (String name : List.of("link", "pipe")) {
        try (Fd file = Open.at(top, name, place)) {
          ExtendedAttributes.set(file, "trusted.word", WORD);
        }
      }
    }

    copy();

    try (Fd top = Open.path(to.toString(), OpenFlags.DIRECTORY)) {
      for (String name : List.of("link", "pipe")) {
        try (Fd file = Open.at(top, name, place)) {
          assertThat(ExtendedAttributes.get(file, "trusted.word")).contains(WORD);
        }
      }
    }
  }
}
