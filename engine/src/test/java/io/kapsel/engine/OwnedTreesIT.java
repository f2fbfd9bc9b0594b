package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.spec.Owners;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.mount.Mounts;
import io.kapsel.oci.IdMapping;
import io.kapsel.oci.Mount;
import io.kapsel.runtime.LaunchException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories with other owners, upon a real kernel; needs root. */
class OwnedTreesIT {
  private static final Optional<Owners> OWNERS =
      Optional.of(Owners.parse(List.of("b:0:100000:65536")));
  private static final List<IdMapping> IDS = List.of(new IdMapping(100000, 0, 65536));
  private static final Mount OTHERS = Mount.of("/data", "bind", "/srv").withMappings(IDS, IDS);

  @TempDir Path place;
  private Path root = Path.of("/");
  private long now;
  private long open;

  private final OwnedTrees trees =
      new OwnedTrees(OwnedTreesIT::namespace, Stream::empty, () -> now);

  @BeforeEach
  void makeARoot() throws IOException {
    root = place.resolve("root");
    remake(7);
    open = Fd.openCount();
  }

  @AfterEach
  void nothingStaysOpen() {
    trees.close();
    assertThat(Fd.openCount()).isEqualTo(open);
  }

  /** That of a process, which stays when it ends. */
  private static Fd namespace(List<IdMapping> uids, List<IdMapping> gids) {
    try {
      Process process =
          new ProcessBuilder("unshare", "--user", "sh", "-c", "echo there; read word").start();
      try (BufferedReader said = process.inputReader()) {
        assertThat(said.readLine()).isEqualTo("there");
        Path proc = Path.of("/proc", Long.toString(process.pid()));
        Files.writeString(proc.resolve("uid_map"), lines(uids));
        Files.writeString(proc.resolve("gid_map"), lines(gids));
        return Open.path(proc.resolve("ns/user").toString(), OpenFlags.READ);
      } finally {
        process.destroy();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String lines(List<IdMapping> ids) {
    return ids.stream()
        .map(each -> each.containerId() + " " + each.hostId() + " " + each.size() + "\n")
        .collect(Collectors.joining());
  }

  private void remake(int owner) throws IOException {
    if (Files.exists(root)) {
      Files.move(root, Files.createTempDirectory(place, "old").resolve("root"));
    }
    make(Files.createDirectory(root), owner);
  }

  private static void make(Path directory, int owner) throws IOException {
    Files.createFile(directory.resolve("file"));
    Files.setAttribute(directory.resolve("file"), "unix:uid", 100000 + owner);
  }

  private static Object owner(Path directory) throws IOException {
    return Files.getAttribute(directory.resolve("file"), "unix:uid");
  }

  private static Path path(Fd tree) {
    return Path.of("/proc/self/fd/" + tree.number());
  }

  private static Fd tree(Path directory) {
    return Mounts.openTree(directory.toString(), Mounts.CLONE | Mounts.RECURSIVE);
  }

  @Test
  void whoHasThePathOfATreeKeepsItWhenTheDirectoryIsMadeAnew() throws IOException {
    Path first = trees.seen(root, OWNERS);
    remake(8);
    Path second = trees.seen(root, OWNERS);

    assertThat(owner(first)).isEqualTo(7);
    assertThat(owner(second)).isEqualTo(8);
    assertThat(trees.seen(root, OWNERS)).isEqualTo(second);
  }

  @Test
  void whatWasReplacedIsClosedWhenNobodyCanHaveItAnyMore() throws IOException {
    for (int owner = 0; owner < 3; owner++) {
      remake(owner);
      trees.seen(root, OWNERS);
    }
    assertThat(Fd.openCount()).isEqualTo(open + 3);

    now += Duration.ofMinutes(11).toNanos();
    remake(9);

    assertThat(owner(trees.seen(root, OWNERS))).isEqualTo(9);
    assertThat(Fd.openCount()).isEqualTo(open + 1);
  }

  @Test
  void whatTheLauncherCannotDoIsToldOfTheDirectory() {
    try (OwnedTrees without = new OwnedTrees(OwnedTreesIT::refused, Stream::empty, () -> now)) {
      assertThatThrownBy(() -> without.seen(root, OWNERS))
          .isInstanceOf(EngineException.Failed.class)
          .hasMessage("cannot use 'dir:%s': its owners cannot be shown as others: no more", root);
      assertThatThrownBy(() -> without.during(root, OWNERS.orElseThrow(), () -> {}))
          .isInstanceOf(EngineException.Failed.class)
          .hasMessage("cannot use 'dir:%s': no more", root);
    }
  }

  private static Fd refused(List<IdMapping> uids, List<IdMapping> gids) {
    throw new LaunchException(LaunchException.Kind.FAILED, "no more");
  }

  @Test
  void aMountIsShownWithAllThatIsMountedBelow() throws Exception {
    Path below = Files.createDirectory(root.resolve("below"));
    mount("mount", "-t", "tmpfs", "kapsel-test", below.toString());
    make(below, 5);

    try (Fd tree = trees.shown(tree(root), OTHERS)) {
      assertThat(owner(path(tree))).isEqualTo(7);
      assertThat(owner(path(tree).resolve("below"))).isEqualTo(5);
    } finally {
      mount("umount", "-l", below.toString());
    }
  }

  @Test
  void aMountThatCannotShowOthersIsShownAsItIs() throws Exception {
    Path bare = Files.createDirectory(place.resolve("bare"));
    mount("mount", "-t", "ramfs", "kapsel-test", bare.toString());
    make(bare, 5);

    try (Fd tree = trees.shown(tree(bare), OTHERS)) {
      assertThat(owner(path(tree))).isEqualTo(100005);
    } finally {
      mount("umount", "-l", bare.toString());
    }
  }

  private static void mount(String... command) throws IOException, InterruptedException {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }
}
