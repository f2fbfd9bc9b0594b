package io.kapsel.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives, friendly and hostile; needs root for owners. */
class TarRootIT {
  private interface Filling {
    void fill(TarArchiveOutputStream tar) throws IOException;
  }

  @TempDir Path directory;
  private Path canary;
  private TarRoot roots;

  @BeforeEach
  void open() throws IOException {
    canary = Files.writeString(directory.resolve("canary"), "untouched");
    roots = new TarRoot(directory.resolve("layers"));
  }

  private static byte[] tar(Filling filling) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      filling.fill(tar);
    }
    return bytes.toByteArray();
  }

  private static void file(
      TarArchiveOutputStream tar, String name, String content, Consumer<TarArchiveEntry> change)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, true);
    byte[] bytes = content.getBytes(UTF_8);
    entry.setSize(bytes.length);
    entry.setMode(0644);
    change.accept(entry);
    tar.putArchiveEntry(entry);
    tar.write(bytes);
    tar.closeArchiveEntry();
  }

  private static void file(TarArchiveOutputStream tar, String name, String content)
      throws IOException {
    file(tar, name, content, _ -> {});
  }

  private static void link(TarArchiveOutputStream tar, String name, byte type, String target)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
    entry.setLinkName(target);
    tar.putArchiveEntry(entry);
    tar.closeArchiveEntry();
  }

  private Path unpack(byte[] archive) throws IOException {
    return roots.unpack(Files.write(directory.resolve("archive"), archive));
  }

  private void nothingIsLeft() throws IOException {
    assertThat(canary).hasContent("untouched");
    if (Files.exists(directory.resolve("layers"))) {
      assertThat(directory.resolve("layers")).isEmptyDirectory();
    }
  }

  @Test
  void keepsOwnersAndModes() throws IOException {
    Path root =
        unpack(
            tar(tar ->
                file(
                    tar,
                    "bin/su",
                    "x",
                    entry -> {
                      entry.setMode(04755);
                      entry.setIds(0, 50);
                    })));

    assertThat((int) Files.getAttribute(root.resolve("bin/su"), "unix:mode") & 07777)
        .isEqualTo(04755);
    assertThat((int) Files.getAttribute(root.resolve("bin/su"), "unix:gid")).isEqualTo(50);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("bin"))))
        .isEqualTo("rwxr-xr-x");
  }

  @Test
  void unpacksEachContentOnce() throws IOException {
    byte[] archive = tar(tar -> file(tar, "a", "b"));
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(gzip)) {
      out.write(archive);
    }

    Path first = unpack(archive);
    assertThat(unpack(archive)).isEqualTo(first);
    assertThat(unpack(gzip.toByteArray()).resolve("a")).hasContent("b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "a/../../x", "./../x", "/../x"})
  void refusesNamesThatLeadOut(String name) throws IOException {
    byte[] archive = tar(tar -> file(tar, name, "evil"));

    assertThatThrownBy(() -> unpack(archive)).hasMessageContaining("leads out of it");
    nothingIsLeft();
  }

  @Test
  void putsAbsoluteNamesInside() throws IOException {
    String name = canary.toString();
    Path root = unpack(tar(tar -> file(tar, name, "inside")));

    assertThat(canary).hasContent("untouched");
    assertThat(root.resolve(name.substring(1))).hasContent("inside");
  }

  @Test
  void doesNotWriteThroughLinks() throws IOException {
    byte[] throughDirectory =
        tar(tar -> {
          link(tar, "d", TarConstants.LF_SYMLINK, directory.toString());
          file(tar, "d/canary", "evil");
        });
    byte[] throughFile =
        tar(tar -> {
          link(tar, "f", TarConstants.LF_SYMLINK, canary.toString());
          file(tar, "f", "inside");
        });

    assertThatThrownBy(() -> unpack(throughDirectory)).isInstanceOf(EngineException.Failed.class);
    nothingIsLeft();
    assertThat(unpack(throughFile).resolve("f")).hasContent("inside");
    assertThat(canary).hasContent("untouched");
  }

  @Test
  void linksOnlyWhatIsInside() throws IOException {
    Path root =
        unpack(
            tar(tar -> {
              file(tar, "a", "x");
              link(tar, "b", TarConstants.LF_LINK, "a");
            }));
    assertThat(root.resolve("b")).hasContent("x");

    String absolute = canary.toString();
    byte[] outside = tar(tar -> link(tar, "b", TarConstants.LF_LINK, absolute));
    assertThatThrownBy(() -> unpack(outside)).isInstanceOf(EngineException.Failed.class);
    byte[] above = tar(tar -> link(tar, "b", TarConstants.LF_LINK, "../../canary"));
    assertThatThrownBy(() -> unpack(above)).hasMessageContaining("leads out of it");
    assertThat((int) Files.getAttribute(canary, "unix:nlink")).isEqualTo(1);
  }

  @Test
  void leavesDevicesOut() throws IOException {
    Path root =
        unpack(
            tar(tar -> {
              TarArchiveEntry disk = new TarArchiveEntry("dev/sda", TarConstants.LF_BLK);
              disk.setDevMajor(8);
              tar.putArchiveEntry(disk);
              tar.closeArchiveEntry();
              file(tar, "a", "b");
            }));

    assertThat(Files.exists(root.resolve("dev/sda"), LinkOption.NOFOLLOW_LINKS)).isFalse();
  }

  @Test
  void refusesOwnersThatAreNoIds() throws IOException {
    byte[] archive = tar(tar -> file(tar, "a", "b", entry -> entry.setUserId(1L << 32)));

    assertThatThrownBy(() -> unpack(archive)).hasMessageContaining("an owner that is no id");
    nothingIsLeft();
  }

  @Test
  void refusesWhatIsNoArchive() throws IOException {
    assertThatThrownBy(() -> unpack(new byte[0])).isInstanceOf(EngineException.Failed.class);
    assertThatThrownBy(() -> unpack("not a tar at all".repeat(100).getBytes(UTF_8)))
        .isInstanceOf(EngineException.Failed.class);
    byte[] whole = tar(tar -> file(tar, "a", "b".repeat(5000)));
    assertThatThrownBy(() -> unpack(java.util.Arrays.copyOf(whole, 3000)))
        .isInstanceOf(EngineException.Failed.class);
    nothingIsLeft();
    assertThatThrownBy(() -> roots.unpack(directory.resolve("missing")))
        .hasMessage(
            "cannot unpack '%s/missing': no such file or directory (ENOENT)".formatted(directory));
    assertThatThrownBy(() -> roots.unpack(directory)).hasMessageContaining("it is not a file");
  }
}
