package io.kapsel.image.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.image.ImageException;
import io.kapsel.image.debian.TestArchive.Deb;
import io.kapsel.image.tar.TarEntry;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packages of an archive of our own become a tree and a database, or nothing. */
class DebianRootIT {
  private @TempDir Path home;
  private TestArchive archive;
  private final List<String> told = new ArrayList<>();

  @BeforeEach
  void makeAnArchive() throws IOException {
    archive = new TestArchive(home.resolve("archive"));
  }

  private DebianRoot.Workshop workshop() throws IOException {
    return new DebianRoot.Workshop(
        home.resolve("cache"), Files.createDirectories(home.resolve("work")), Map.of(), told::add);
  }

  private DebianRoot unpack() throws Exception {
    return unpack(archive.uri(), archive.keyring());
  }

  private DebianRoot unpack(URI mirror, Path keyring) throws Exception {
    DebianRequest request =
        new DebianRequest(
            "test",
            DebianRequest.Variant.MINIMAL,
            Optional.of(mirror),
            Optional.empty(),
            List.of("wanted"),
            Optional.of("amd64"),
            Optional.of(keyring));
    return DebianRoot.unpack(request, workshop());
  }

  private Path root() {
    return home.resolve("work/root");
  }

  private static Deb apt() {
    return new Deb("apt", "").file("./usr/bin/apt", "apt", 0755);
  }

  private String read(String path) throws IOException {
    return Files.readString(root().resolve(path));
  }

  @Test
  void aTreeAndADatabaseAreMade() throws Exception {
    archive
        .with(apt())
        .with(
            new Deb("wanted", "Multi-Arch: same\nDepends: below\nDescription: d \n more\n")
                .control("conffiles", "/etc/wanted.conf\n")
                .control("postinst", "#!/bin/sh\n")
                .control("triggers", "interest-noawait /usr/share/w\ninterest named\n")
                .add(TestArchive.entry(TarEntry.Type.DIRECTORY, "./etc/", "", 0755, 0))
                .file("./etc/wanted.conf", "hello")
                .file("./usr/bin/wanted", "program", 04755)
                .add(
                    TestArchive.entry(
                        TarEntry.Type.HARD_LINK, "./usr/bin/w", "./usr/bin/wanted", 04755, 0))
                .add(TestArchive.entry(TarEntry.Type.SYMLINK, "./usr/bin/s", "wanted", 0777, 0)))
        .with(new Deb("below", "").file("./lib/below", "b"))
        .with(new Deb("usr-is-merged", "Essential: yes\n"))
        .publish();

    DebianRoot made = unpack();

    assertThat(made.packages())
        .extracting(DebianPackage::name)
        .containsExactlyInAnyOrder("apt", "below", "usr-is-merged", "wanted")
        .containsSubsequence("below", "wanted");
    assertThat(read("usr/lib/below")).isEqualTo("b");
    assertThat(Files.readSymbolicLink(root().resolve("lib"))).hasToString("usr/lib");
    assertThat(Files.getAttribute(root().resolve("usr/bin/wanted"), "unix:mode"))
        .isEqualTo(0104755);
    assertThat(Files.isSameFile(root().resolve("usr/bin/w"), root().resolve("usr/bin/wanted")))
        .isTrue();
    assertThat(read("var/lib/dpkg/info/wanted:amd64.list"))
        .isEqualTo("/.\n/etc\n/etc/wanted.conf\n/usr/bin/wanted\n/usr/bin/w\n/usr/bin/s\n");
    assertThat(read("var/lib/dpkg/status"))
        .contains(
            "Package: wanted\nStatus: install ok unpacked\n",
            "Description: d \n more\n",
            "Conffiles:\n /etc/wanted.conf 5d41402abc4b2a76b9719d911017c592\n");
    assertThat(read("var/lib/dpkg/triggers/File")).isEqualTo("/usr/share/w wanted:amd64/noawait\n");
    assertThat(read("var/lib/dpkg/triggers/named")).isEqualTo("wanted:amd64\n");
    assertThat(read("etc/apt/sources.list")).startsWith("deb file:").endsWith(" test main\n");
  }

  @Test
  void theSecondRunTakesThePackagesFromTheCache() throws Exception {
    archive.with(apt()).with(new Deb("wanted", "").file("./w", "w")).publish();
    unpack();
    try (Stream<Path> pool = Files.list(archive.path("pool"))) {
      for (Path deb : pool.toList()) {
        Files.delete(deb);
      }
    }

    assertThat(unpack().packages()).hasSize(2);
    assertThat(read("w")).isEqualTo("w");
  }

  @Test
  void aPackageInTheCacheThatWasDamagedIsFetchedAgain() throws Exception {
    archive.with(apt()).with(new Deb("wanted", "").file("./w", "w")).publish();
    unpack();
    try (Stream<Path> kept = Files.list(home.resolve("cache"))) {
      for (Path file : kept.toList()) {
        Files.write(file, new byte[(int) Files.size(file)]);
      }
    }

    unpack();

    assertThat(read("w")).isEqualTo("w");
  }

  @Test
  void anArchiveThatSomebodyHasChangedIsRefused() throws Exception {
    archive.with(apt()).with(new Deb("wanted", "")).publish();
    Path file = archive.path("dists/test/InRelease");
    Files.writeString(file, Files.readString(file).replace("Components: main", "Components: evil"));

    assertThatThrownBy(this::unpack)
        .isInstanceOf(ImageException.Refused.class)
        .hasMessageStartingWith("cannot trust 'file:")
        .hasMessageContaining("does not fit the text");
  }

  @Test
  void textOutsideOfTheSignedFrameIsRefused() throws Exception {
    archive.with(apt()).with(new Deb("wanted", "")).publish();
    Path file = archive.path("dists/test/InRelease");
    Files.writeString(file, "Suite: evil\n" + Files.readString(file));

    assertThatThrownBy(this::unpack).hasMessageEndingWith("it is not a signed text");
  }

  @Test
  void anUnknownKeyIsRefused() throws Exception {
    archive.with(apt()).with(new Deb("wanted", "")).publish();
    Path other = new TestArchive(home.resolve("other")).keyring();

    assertThatThrownBy(() -> unpack(archive.uri(), other))
        .isInstanceOf(ImageException.Refused.class)
        .hasMessageContaining("no such key is in '" + other + "'; see --keyring");
  }

  @Test
  void anotherSuitesSignatureIsRefused() throws Exception {
    archive.with(apt()).with(new Deb("wanted", "")).publish();
    Path file = archive.path("dists/test/InRelease");
    Files.write(
        file, archive.signed("Suite: other\nDate: Sat, 11 Jul 2026 10:16:37 UTC\nSHA256:\n"));

    assertThatThrownBy(this::unpack).hasMessageEndingWith("it is of the suite 'other'");
  }

  @Test
  void aPackageWithAnotherHashIsRefusedAndNotKept() throws Exception {
    archive.with(apt()).with(new Deb("wanted", "").file("./w", "w")).publish();
    Path deb = archive.path("pool/wanted_1~x.deb");
    byte[] bytes = Files.readAllBytes(deb);
    bytes[bytes.length - 1] ^= 1;
    Files.write(deb, bytes);

    assertThatThrownBy(this::unpack)
        .isInstanceOf(ImageException.Refused.class)
        .hasMessageContaining("its SHA-256 is");
    try (Stream<Path> kept = Files.list(home.resolve("cache"))) {
      assertThat(kept.map(file -> file.getFileName().toString()))
          .noneMatch(it -> it.endsWith(".part"));
    }
  }

  @Test
  void aSuiteThatIsNotThereIsNamed() throws Exception {
    assertThatThrownBy(this::unpack)
        .isInstanceOf(ImageException.NotFound.class)
        .hasMessageStartingWith("cannot find the suite 'test' at 'file:");
  }

  @Test
  void anArchiveThatCannotBeReachedIsNamed() throws Exception {
    assertThatThrownBy(() -> unpack(URI.create("http://127.0.0.1:9/debian"), archive.keyring()))
        .isInstanceOf(ImageException.Failed.class)
        .hasMessageStartingWith(
            "cannot download 'http://127.0.0.1:9/debian/dists/test/InRelease': ")
        .hasMessageEndingWith("connection refused");
  }

  @Test
  void twoPackagesWithOneFileAreRefused() throws Exception {
    archive
        .with(apt())
        .with(new Deb("wanted", "Depends: other\n").file("./same", "1"))
        .with(new Deb("other", "").file("./same", "2"))
        .publish();

    assertThatThrownBy(this::unpack)
        .isInstanceOf(ImageException.Failed.class)
        .hasMessageMatching(
            "cannot unpack '(wanted|other) 1': 'same' is in '(wanted|other)', too, and neither"
                + " replaces the other");
  }

  @Test
  void aFileIsOfThePackageThatReplacesTheOtherWhicheverComesFirst() throws Exception {
    for (String size : List.of("", "x".repeat(100_000))) { // the larger one is unpacked first
      archive = new TestArchive(home.resolve("archive" + size.length()));
      archive
          .with(apt())
          .with(new Deb("usr-is-merged", "Essential: yes\n"))
          .with(
              new Deb("wanted", "Depends: other\nReplaces: nothing, other (<< 2)\n")
                  .file("./usr/lib/same", "of wanted")
                  .add(
                      TestArchive.entry(
                          TarEntry.Type.HARD_LINK, "./usr/lib/w", "./usr/lib/same", 0644, 0))
                  .file("./usr/share/large", size))
          .with(
              new Deb("other", "")
                  .file("./lib/same", "of other")
                  .file("./usr/bin/o", "o")
                  .file("./usr/share/small", "x".repeat(50_000)))
          .publish();

      unpack();

      assertThat(read("usr/lib/same")).isEqualTo("of wanted");
      assertThat(read("usr/lib/w")).isEqualTo("of wanted");
      assertThat(read("var/lib/dpkg/info/wanted.list")).contains("/usr/lib/same\n");
      assertThat(read("var/lib/dpkg/info/other.list"))
          .contains("/usr/bin/o\n")
          .doesNotContain("/lib/same");
      try (Stream<Path> all = Files.walk(root())) {
        assertThat(all.map(Path::toString)).noneMatch(each -> each.contains(".kapsel-"));
      }
      Files.walk(home.resolve("work"))
          .sorted(java.util.Comparator.reverseOrder())
          .forEach(each -> each.toFile().delete());
    }
  }

  @Test
  void theFileOfAPackageThatDivertsWaitsForItsScriptWhicheverComesFirst() throws Exception {
    for (String size : List.of("", "x".repeat(100_000))) { // the larger one is unpacked first
      archive = new TestArchive(home.resolve("diverted" + size.length()));
      archive
          .with(apt())
          .with(
              new Deb("wanted", "Depends: other\n")
                  .control("preinst", "#!/bin/sh\ndpkg-divert --rename --add /usr/lib/same\n")
                  .file("./usr/lib/same", "of wanted")
                  .file("./usr/share/large", size))
          .with(
              new Deb("other", "")
                  .file("./usr/lib/same", "of other")
                  .file("./usr/share/small", "x".repeat(50_000)))
          .publish();

      DebianRoot made = unpack();

      assertThat(read("usr/lib/same")).isEqualTo("of other");
      String line = read("var/lib/dpkg/tmp.contested");
      assertThat(line).startsWith("wanted\tother\tusr/lib/same\tusr/lib/same.kapsel-");
      assertThat(read(line.substring(line.lastIndexOf('\t') + 1).strip())).isEqualTo("of wanted");
      assertThat(read("var/lib/dpkg/info/wanted.list")).contains("/usr/lib/same\n");
      assertThat(read("var/lib/dpkg/info/other.list")).contains("/usr/lib/same\n");
      assertThat(made.script(workshop()))
          .containsSubsequence("preinst wanted", "contested", "dpkg --configure -a");
      Files.walk(home.resolve("work"))
          .sorted(java.util.Comparator.reverseOrder())
          .forEach(each -> each.toFile().delete());
    }
  }

  @Test
  void packagesAreUnpackedOnAConfinedThread() throws Exception {
    byte[] deb = new Deb("wanted", "").file("./w", "w").bytes();
    DebianPackage each =
        DebianPackage.of(
            Stanza.parse(
                "Package: wanted\nVersion: 1\nArchitecture: amd64\nFilename: w.deb\nSize: "
                    + deb.length
                    + "\nSHA256: "
                    + "0".repeat(64)
                    + "\n"),
            0);
    List<String> confined = new ArrayList<>();
    InputStream watched =
        new FilterInputStream(new ByteArrayInputStream(deb)) {
          @Override
          public int read(byte[] bytes, int from, int length) throws IOException {
            awaitConfined().ifPresent(confined::add);
            return super.read(bytes, from, length);
          }
        };
    Path target = Files.createDirectory(home.resolve("target"));
    try (TargetTree tree = new TargetTree(Open.path(target.toString(), OpenFlags.DIRECTORY))) {
      DpkgDatabase.prepare(tree, "amd64");
      DebUnpacker.unpack(watched, tree, each, 0);
    }
    assertThat(confined).isNotEmpty();
    assertThat(target.resolve("w")).hasContent("w");
  }

  /** A thread of this process with the filter of those that unpack, which is there meanwhile. */
  private static Optional<String> awaitConfined() throws IOException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (System.nanoTime() < end) {
      try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
        for (Path each : tasks.toList()) {
          String status = Files.readString(each.resolve("status"));
          if (status.startsWith("Name:\tkapsel-confined") && status.contains("Seccomp:\t2")) {
            return Optional.of(status);
          }
        }
      } catch (java.nio.file.NoSuchFileException _) {
        // a thread has ended meanwhile
      }
      Thread.onSpinWait();
    }
    return Optional.empty();
  }

  @Test
  void anOldVersionIsNotReplaced() throws Exception {
    archive
        .with(apt())
        .with(new Deb("wanted", "Depends: other\nReplaces: other (<< 1)\n").file("./same", "1"))
        .with(new Deb("other", "").file("./same", "2"))
        .publish();

    assertThatThrownBy(this::unpack).hasMessageContaining("neither replaces the other");
  }

  /** An archive as snapshot.debian.org lays it out, whose Release has long expired. */
  @Test
  void aMomentOfTheArchiveIsTakenAsItWas() throws Exception {
    String moment = "20250520T000000Z";
    String old = "Valid-Until: Thu, 22 May 2025 00:00:00 UTC\n";
    Path keys = home.resolve("keys");
    for (String each : List.of("debian/" + moment, "debian-security/" + moment)) {
      TestArchive made = new TestArchive(home.resolve("snapshot/archive/" + each)).saying(old);
      if (each.startsWith("debian/")) {
        made.with(apt()).with(new Deb("wanted", "").file("./usr/bin/w", "then"));
      }
      for (String suite : List.of("test", "test-updates", "test-security")) {
        made.publish(suite);
      }
      Files.write(
          keys,
          Files.readAllBytes(made.keyring()),
          java.nio.file.StandardOpenOption.CREATE,
          java.nio.file.StandardOpenOption.APPEND);
    }
    DebianRequest request =
        new DebianRequest(
            "test",
            DebianRequest.Variant.MINIMAL,
            Optional.of(URI.create("file:" + home.resolve("snapshot") + "/")),
            Optional.of(moment),
            List.of("wanted"),
            Optional.of("amd64"),
            Optional.of(keys));
    DebianRoot.unpack(request, workshop());

    assertThat(read("usr/bin/w")).isEqualTo("then");
    assertThat(read("etc/apt/sources.list")).contains("/archive/debian/" + moment);
  }

  @Test
  void nothingIsWrittenOutsideOfTheTree() throws Exception {
    Path canary = Files.writeString(home.resolve("canary"), "alive");
    archive
        .with(apt())
        .with(
            new Deb("wanted", "")
                .add(TestArchive.entry(TarEntry.Type.SYMLINK, "./out", "../..", 0777, 0))
                .file("./out/canary", "dead"))
        .publish();

    unpack(); // the link ends at the tree's own root

    assertThat(Files.readString(canary)).isEqualTo("alive");
    assertThat(Files.readString(root().resolve("canary"))).isEqualTo("dead");

    archive = new TestArchive(home.resolve("second"));
    archive.with(apt()).with(new Deb("wanted", "").file("./../canary", "dead")).publish();
    assertThatThrownBy(this::unpack).hasMessageContaining("it has a name that leads out");
    assertThat(Files.readString(canary)).isEqualTo("alive");
  }

  @Test
  void anotherPackageThanTheIndexSaysIsRefused() throws Exception {
    archive.with(apt()).with(new Deb("wanted", "").file("./w", "w")).publish();
    Path index = archive.path("pool/wanted_1~x.deb");
    archive.with(new Deb("impostor", ""));
    Files.copy(
        archive.path("pool/impostor_1~x.deb"),
        index,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);

    assertThatThrownBy(this::unpack).isInstanceOf(ImageException.class);
    assertThat(Files.exists(root().resolve("w"), LinkOption.NOFOLLOW_LINKS)).isFalse();
  }
}
