package io.kapsel.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernel's overlayfs is the oracle. Needs root. */
class LayerUnionIT {
  @TempDir Path work;

  private Path layer(String name) throws IOException {
    Path layer = Files.createDirectory(work.resolve(name));
    Files.createDirectories(layer.resolve("d/deep"));
    Files.createDirectories(layer.resolve("only-" + name));
    Files.writeString(layer.resolve("d/f"), name);
    Files.writeString(layer.resolve("d/f-" + name), name);
    Files.createSymbolicLink(layer.resolve("d/deep/l-" + name), Path.of("/etc/passwd"));
    return layer;
  }

  private static void hide(Path place) {
    try (Fd parent = Open.path(String.valueOf(place.getParent()), OpenFlags.DIRECTORY)) {
      String name = String.valueOf(place.getFileName());
      Entries.makeNode(parent, name, FileType.CHARACTER_DEVICE, 0, new DeviceNumber(0, 0));
    }
  }

  private static void with(Path directory, java.util.function.Consumer<Fd> change) {
    try (Fd fd = Open.path(directory.toString(), OpenFlags.DIRECTORY)) {
      change.accept(fd);
    }
  }

  private static void opaque(Path directory) {
    with(directory, fd -> ExtendedAttributes.set(fd, "trusted.overlay.opaque", new byte[] {'y'}));
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  /** Everything but how often a file is linked: tar would say so of those whose links it sees. */
  private static String shown(Path tree) throws IOException, InterruptedException {
    return run(
        "sh",
        "-c",
        "cd \"$1\" && find . -printf '%p %y %m %U %G %T@ %s %l\\n' | grep -v '^. d'| sort; find . -type f | sort"
            + " | xargs md5sum",
        "sh",
        tree.toString());
  }

  private static void add(List<Path> upwards, Path into) throws IOException {
    try (Fd target = Open.path(into.toString(), OpenFlags.DIRECTORY)) {
      for (Path each : upwards) {
        try (Fd layer = Open.path(each.toString(), OpenFlags.DIRECTORY)) {
          LayerUnion.add(layer, target);
        }
      }
    }
  }

  @Test
  void showsWhatOverlayfsShows() throws Exception {
    Path a = layer("a");
    Files.createDirectories(a.resolve("gone/with/all"));
    Files.writeString(a.resolve("gone/with/f"), "x");
    Files.createDirectory(a.resolve("becomes-file"));
    Files.writeString(a.resolve("becomes-file/f"), "x");
    Files.writeString(a.resolve("becomes-directory"), "x");
    Files.createDirectories(a.resolve("emptied/old"));
    Path b = layer("b");
    hide(b.resolve("gone"));
    hide(b.resolve("d/f-a"));
    hide(b.resolve("never-was"));
    Files.writeString(b.resolve("becomes-file"), "y");
    Files.createDirectory(b.resolve("becomes-directory"));
    Files.createDirectory(b.resolve("emptied"));
    Files.writeString(b.resolve("emptied/new"), "y");
    opaque(b.resolve("emptied"));
    with(b.resolve("d"), fd -> Attributes.mode(fd, 02751));
    with(b.resolve("d"), fd -> Attributes.own(fd, 7, 8));
    with(b.resolve("d"), fd -> Attributes.mode(fd, 02751));
    with(b.resolve("d"), fd -> ExtendedAttributes.set(fd, "user.b", new byte[] {'v'}));
    with(b.resolve("d"), fd -> Attributes.times(fd, Instant.EPOCH, Instant.ofEpochSecond(77)));
    Path c = layer("c");
    hide(c.resolve("only-b"));
    with(c.resolve("d"), fd -> ExtendedAttributes.set(fd, "user.c", new byte[] {'v'}));
    Files.createDirectory(c.resolve("gone"));
    Path union = Files.createDirectory(work.resolve("union"));
    add(List.of(a, b, c), union);
    with(union.resolve("d"), fd -> assertThat(ExtendedAttributes.list(fd)).containsOnly("user.c"));
    Path mount = Files.createDirectory(work.resolve("mount"));
    run("mount", "-t", "overlay", "-o", "lowerdir=" + c + ":" + b + ":" + a, "o", mount.toString());
    try {
      assertThat(shown(union)).isEqualTo(shown(mount)).contains("only-a", "./d/f-b f");
    } finally {
      run("umount", mount.toString());
    }
  }

  @Test
  void leavesTheLayersAlone() throws Exception {
    Path a = layer("a");
    Path b = layer("b");
    hide(b.resolve("d/f-a"));
    String before = shown(a) + shown(b);
    Path union = Files.createDirectory(work.resolve("union"));
    add(List.of(a, b), union);
    assertThat(shown(a) + shown(b)).isEqualTo(before);
    assertThat(union.resolve("d/f")).hasContent("b");
    assertThat(Files.getAttribute(union.resolve("d/f"), "unix:ino"))
        .isEqualTo(Files.getAttribute(b.resolve("d/f"), "unix:ino"));
  }

  @Test
  void mergesOnlyWhereThereAreMany() {
    assertThat(Stack.merged(100)).isZero();
    assertThat(Stack.merged(101)).isEqualTo(100);
    assertThat(Stack.merged(500)).isEqualTo(450);
    assertThat(Stack.merged(499)).isEqualTo(450);
    for (int layers = 101; layers <= 1000; layers++) {
      assertThat(1 + layers - Stack.merged(layers)).isBetween(2, 51);
    }
  }
}
