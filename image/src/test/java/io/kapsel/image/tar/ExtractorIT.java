package io.kapsel.image.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Rows I1-I3, I6-I9 and I11: an archive writes below its root and nowhere else. Needs root. */
class ExtractorIT {
  @TempDir Path work;
  private Path root;
  private Path canary;
  private Fd target;

  @BeforeEach
  void makeRootAndCanary() throws IOException {
    root = Files.createDirectory(work.resolve("root"));
    canary = Files.createDirectory(work.resolve("canary"));
    Files.writeString(canary.resolve("f"), "untouched");
    target = Open.path(root.toString(), OpenFlags.DIRECTORY);
  }

  @AfterEach
  void theCanaryIsAsItWas() throws IOException {
    target.close();
    assertThat(canary.resolve("f")).hasContent("untouched");
    try (var all = Files.list(canary)) {
      assertThat(all).hasSize(1);
    }
    assertThat(Files.getAttribute(canary.resolve("f"), "unix:nlink")).isEqualTo(1);
    try (var all = Files.list(work)) {
      assertThat(all).hasSize(2);
    }
  }

  private static TarEntry file(String name, String text) {
    return TarReaderTest.member(
        TarEntry.Type.FILE, name, text, text.getBytes(StandardCharsets.UTF_8).length);
  }

  private static TarEntry directory(String name, int mode, long uid) {
    return new TarEntry(
        TarEntry.Type.DIRECTORY,
        name,
        "",
        mode,
        uid,
        uid,
        0,
        Instant.ofEpochSecond(1000),
        0,
        0,
        Map.of(),
        List.of());
  }

  private static TarEntry link(TarEntry.Type type, String name, String link) {
    return TarReaderTest.member(type, name, link, 0);
  }

  private static byte[] archive(TarEntry... members) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarWriter writer = new TarWriter(bytes)) {
      for (TarEntry each : members) {
        if (each.type() == TarEntry.Type.FILE) {
          TarEntry plain =
              new TarEntry(
                  each.type(),
                  each.name(),
                  "",
                  each.mode(),
                  each.uid(),
                  each.gid(),
                  each.size(),
                  each.modified(),
                  0,
                  0,
                  each.xattrs(),
                  List.of());
          writer.file(plain, each.link().getBytes(StandardCharsets.UTF_8));
        } else {
          writer.begin(each);
        }
      }
      writer.finish();
    }
    return bytes.toByteArray();
  }

  /** How it is unpacked: as the product does, here. */
  Extractor.Extracted extract(InputStream plain, Fd into, Extractor.Form form, List<Fd> lowers)
      throws IOException {
    return Extractor.extract(plain, into, form, lowers);
  }

  private Extractor.Extracted layer(TarEntry... members) throws IOException {
    return extract(
        new ByteArrayInputStream(archive(members)), target, Extractor.Form.LAYER, List.of());
  }

  private FileStatus status(String name) {
    try (Fd fd = Open.at(target, name, OpenHow.of(OpenFlags.PATH | OpenFlags.NO_FOLLOW))) {
      return Attributes.status(fd);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"../canary/g", "a/../../canary/g", "./../canary/g", ".."})
  void aNameThatLeadsOutIsRefused(String name) {
    assertThatThrownBy(() -> layer(file(name, "x"))).hasMessageContaining("leads out");
  }

  @Test
  void anAbsoluteNameLiesBelowTheRoot() throws IOException {
    layer(file("/abs//./f", "x"), file("b\\..\\c", "y"));

    assertThat(root.resolve("abs/f")).hasContent("x");
    assertThat(Files.exists(root.resolve("b\\..\\c"))).isTrue();
  }

  @Test
  void namesOfNothingAreTheRootItself() throws IOException {
    layer(
        directory(".", 0711, 3),
        directory("./", 0751, 4),
        directory("/", 0755, 5),
        file("./.", "not written"),
        file(".//a/./b", "x"));

    assertThat(Attributes.status(target).uid()).isEqualTo(5);
    assertThat(Entries.list(target).stream().map(Entries.Entry::name)).containsExactly("a");
    assertThat(root.resolve("a/b")).hasContent("x");
  }

  @Test
  void nodesOverFilesOfTheSystemAreNotMade() throws IOException {
    layer(
        directory("etc", 0755, 0),
        file("etc/passwd", "x"),
        link(TarEntry.Type.BLOCK_DEVICE, "etc/passwd", ""),
        link(TarEntry.Type.CHARACTER_DEVICE, "etc/shadow", ""),
        link(TarEntry.Type.FIFO, "etc/group", ""),
        link(TarEntry.Type.BLOCK_DEVICE, "dev/sda1", ""));

    assertThat(root.resolve("etc/passwd")).hasContent("x");
    assertThat(Entries.list(target).stream().map(Entries.Entry::name))
        .doesNotContain("sda1", "shadow");
    assertThat(status("etc/group").type()).isEqualTo(FileType.FIFO);
  }

  @Test
  void aLinkOfALowerLayerToTheOutsideLeadsNowhere() throws IOException {
    Path below = Files.createDirectory(root.resolve("below"));
    Path above = Files.createDirectory(root.resolve("above"));
    try (Fd lower = Open.path(below.toString(), OpenFlags.DIRECTORY);
        Fd upper = Open.path(above.toString(), OpenFlags.DIRECTORY)) {
      extract(
          new ByteArrayInputStream(
              archive(
                  link(TarEntry.Type.SYMLINK, "d", canary.toString()),
                  link(TarEntry.Type.SYMLINK, "u", "../../../../../../.." + canary))),
          lower,
          Extractor.Form.LAYER,
          List.of());
      extract(
          new ByteArrayInputStream(archive(file("d/f", "evil"), file("u/g", "evil"))),
          upper,
          Extractor.Form.LAYER,
          List.of(lower));
    }
    assertThat(above.resolve("." + canary + "/f")).hasContent("evil");
    assertThat(above.resolve("." + canary + "/g")).hasContent("evil");
  }

  @Test
  void namesThatAreTooLongAreRefused() {
    assertThatThrownBy(() -> layer(file("a".repeat(256), ""))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> layer(file("a/".repeat(3000), ""))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> layer(file("a/".repeat(300) + "f", "")))
        .isInstanceOf(IOException.class);
  }

  @Test
  void aLinkToTheOutsideIsFollowedAsTheContainerWould() throws IOException {
    String outside = canary.toString();
    layer(
        directory("d", 0755, 0),
        link(TarEntry.Type.SYMLINK, "up", "../../../../.."),
        file("up/g", "inside"));
    assertThat(root.resolve("g")).hasContent("inside");

    assertThatThrownBy(() -> layer(link(TarEntry.Type.SYMLINK, "out", outside), file("out/g", "x")))
        .isInstanceOf(IOException.class);
  }

  @Test
  void linksWithoutEndAreRefused() {
    List<TarEntry> chain = new ArrayList<>();
    chain.add(link(TarEntry.Type.SYMLINK, "l0", "l0"));
    for (int i = 1; i <= 41; i++) {
      chain.add(link(TarEntry.Type.SYMLINK, "l" + i, "l" + (i - 1)));
    }
    chain.add(file("l41/f", "x"));
    assertThatThrownBy(() -> layer(chain.toArray(TarEntry[]::new))).isInstanceOf(IOException.class);
  }

  @Test
  void hardLinksStayInside() throws IOException {
    for (String bad : List.of("/etc/hostname", "../canary/f", "missing", "later", "")) {
      assertThatThrownBy(() -> layer(link(TarEntry.Type.HARD_LINK, "h", bad), file("later", "x")))
          .as(bad)
          .isInstanceOf(IOException.class);
    }
    layer(
        link(TarEntry.Type.SYMLINK, "s", canary + "/f"),
        link(TarEntry.Type.HARD_LINK, "s2", "s"),
        file("a", "x"),
        link(TarEntry.Type.HARD_LINK, "a", "a"),
        link(TarEntry.Type.HARD_LINK, "b", "/a"));

    assertThat(status("s2").type()).isEqualTo(FileType.LINK);
    assertThat(status("b").sameFile(status("a"))).isTrue();
  }

  @Test
  void devicesAreNeverMadeAndFifosAre() throws IOException {
    layer(
        directory("dev", 0755, 0),
        link(TarEntry.Type.BLOCK_DEVICE, "dev/sda", ""),
        link(TarEntry.Type.CHARACTER_DEVICE, "etc", ""),
        link(TarEntry.Type.FIFO, "pipe", ""));

    assertThat(Entries.list(target).stream().map(Entries.Entry::name))
        .containsExactlyInAnyOrder("dev", "pipe");
    assertThat(Files.list(root.resolve("dev"))).isEmpty();
    assertThat(status("pipe").type()).isEqualTo(FileType.FIFO);
  }

  @Test
  void capabilitiesAreKeptAndWhatOverlayfsBelievesIsNot() throws IOException {
    byte[] capability = HexFormat.of().parseHex("0100000200200000000000000000000000000000");
    byte[] foreign = HexFormat.of().parseHex("0100000300200000000000000000000000000000e8030000");
    TarEntry plain = file("f", "x");
    TarEntry odd =
        new TarEntry(
            TarEntry.Type.FILE,
            "f",
            "x",
            04755,
            7,
            8,
            1,
            plain.modified(),
            0,
            0,
            Map.of(
                "security.capability", capability,
                "security.selinux", new byte[3],
                "security.ima", new byte[3],
                "system.posix_acl_access", new byte[3],
                "trusted.overlay.opaque", new byte[] {'y'},
                "trusted.overlay.redirect", new byte[] {'/'},
                "user.overlay.opaque", new byte[] {'y'},
                "user.mine", new byte[] {(byte) 0x80, 0}),
            List.of());
    TarEntry other =
        new TarEntry(
            TarEntry.Type.FILE,
            "g",
            "x",
            0755,
            0,
            0,
            1,
            plain.modified(),
            0,
            0,
            Map.of("security.capability", foreign),
            List.of());
    layer(odd, other);

    try (Fd f = Open.at(target, "f", OpenHow.of(OpenFlags.READ));
        Fd g = Open.at(target, "g", OpenHow.of(OpenFlags.READ))) {
      assertThat(ExtendedAttributes.list(f))
          .containsExactlyInAnyOrder("security.capability", "user.mine");
      assertThat(ExtendedAttributes.get(f, "user.mine"))
          .hasValueSatisfying(value -> assertThat(value).containsExactly(0x80, 0));
      assertThat(ExtendedAttributes.list(g)).isEmpty();
    }
    assertThat(status("f").mode()).isEqualTo(04755);
    assertThat(status("f").uid()).isEqualTo(7);
  }

  @Test
  void whiteoutsTakeTheFormOfOverlayfs() throws IOException {
    layer(
        directory("d", 0755, 0),
        file("d/.wh.gone", ""),
        file("d/.wh..wh.plnk", ""),
        directory("o", 0755, 0),
        file("o/.wh..wh..opq", ""),
        file("o/kept", "x"),
        file(".wh.r", ""),
        directory("r", 0755, 0),
        file("again", "x"),
        file(".wh.again", ""));

    FileStatus gone = status("d/gone");
    assertThat(gone.type()).isEqualTo(FileType.CHARACTER_DEVICE);
    assertThat(gone.device().encoded()).isZero();
    assertThat(opaque("o")).isTrue();
    assertThat(opaque("r")).isTrue();
    assertThat(opaque("d")).isFalse();
    assertThat(root.resolve("again")).hasContent("x");
    assertThat(Entries.list(target).stream().map(Entries.Entry::name))
        .noneMatch(name -> name.startsWith(".wh."));
  }

  private boolean opaque(String name) {
    try (Fd fd = Open.directory(target, name)) {
      return ExtendedAttributes.get(fd, "trusted.overlay.opaque").isPresent();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".wh.", ".wh..", ".wh...", "a/.wh..."})
  void aWhiteoutOfNothingIsRefused(String name) {
    assertThatThrownBy(() -> layer(file(name, ""))).isInstanceOf(IOException.class);
  }

  @Test
  void directoriesKeepOwnerModeAndTime() throws IOException {
    layer(directory("d", 01777, 65_534), file("d/f", "x"), directory("d/", 02750, 5));

    assertThat(status("d").mode()).isEqualTo(02750);
    assertThat(status("d").uid()).isEqualTo(5);
    assertThat(status("d").modified()).isEqualTo(Instant.ofEpochSecond(1000));
  }

  @Test
  void aDirectoryThatIsOnlyImpliedIsLikeTheOneBelow() throws IOException {
    Path below = Files.createDirectory(root.resolve("below"));
    Path above = Files.createDirectory(root.resolve("above"));
    try (Fd lower = Open.path(below.toString(), OpenFlags.DIRECTORY);
        Fd upper = Open.path(above.toString(), OpenFlags.DIRECTORY)) {
      extract(
          new ByteArrayInputStream(
              archive(
                  directory("tmp", 01777, 0),
                  directory("usr/lib", 0755, 0),
                  link(TarEntry.Type.SYMLINK, "lib", "usr/lib"))),
          lower,
          Extractor.Form.LAYER,
          List.of());
      Extractor.Extracted done =
          extract(
              new ByteArrayInputStream(archive(file("tmp/f", "x"), file("lib/g", "y"))),
              upper,
              Extractor.Form.LAYER,
              List.of(lower));

      assertThat(done.impliedDirectories()).isTrue();
      assertThat(Attributes.status(upper, "tmp").mode()).isEqualTo(01777);
      assertThat(above.resolve("usr/lib/g")).hasContent("y");
      assertThat(Files.exists(above.resolve("lib"), LinkOption.NOFOLLOW_LINKS)).isFalse();
    }
  }

  @Test
  void laterMembersReplaceEarlierOnes() throws IOException {
    layer(
        directory("x", 0755, 0),
        file("x/f", "1"),
        file("x", "2"),
        file("y", "3"),
        directory("y", 0755, 0),
        link(TarEntry.Type.SYMLINK, "z", canary + "/f"),
        file("z", "4"));

    assertThat(root.resolve("x")).hasContent("2");
    assertThat(root.resolve("y")).isDirectory();
    assertThat(Files.isSymbolicLink(root.resolve("z"))).isFalse();
    assertThat(root.resolve("z")).hasContent("4");
  }

  @Test
  void membersOfGzipAreAllRead() throws IOException {
    byte[] plain = archive(file("a", "1"), file("b", "2"));
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    for (int from = 0; from < plain.length; from += 600) {
      try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
        gzip.write(plain, from, Math.min(600, plain.length - from));
      }
    }
    extract(
        Unpacking.of(new ByteArrayInputStream(packed.toByteArray())),
        target,
        Extractor.Form.LAYER,
        List.of());

    assertThat(root.resolve("b")).hasContent("2");
  }

  @Test
  void xzIsRead() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (XZOutputStream xz = new XZOutputStream(packed, new LZMA2Options())) {
      xz.write(archive(file("a", "1")));
    }
    extract(
        Unpacking.of(new ByteArrayInputStream(packed.toByteArray())),
        target,
        Extractor.Form.LAYER,
        List.of());

    assertThat(root.resolve("a")).hasContent("1");
  }

  @Test
  void garbageIsRefused() {
    for (byte[] bad :
        List.of(
            "no archive at all".repeat(100).getBytes(StandardCharsets.UTF_8),
            HexFormat.of().parseHex("1f8b0800000000000003aaaaaaaaaaaaaaaa"),
            HexFormat.of().parseHex("28b52ffdffffffffffffffffffffffffffff"),
            HexFormat.of().parseHex("68737173000000000000000000000000"))) {
      assertThatThrownBy(() ->
              extract(
                  Unpacking.of(new ByteArrayInputStream(bad)),
                  target,
                  Extractor.Form.LAYER,
                  List.of()))
          .isInstanceOf(IOException.class);
    }
  }
}
