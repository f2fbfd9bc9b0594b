package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code lxc-copy} with its options, as Debian's lxc has them. */
class LxcCopyIT extends LxcEndToEnd {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Ours, or Debian's. */
  @FunctionalInterface
  private interface Programs {
    Result run(String... words);
  }

  /** What a script says in an ephemeral copy, which is gone then. */
  private String inCopy(Programs programs, List<String> options, String script) {
    List<String> words = new ArrayList<>(List.of("lxc-copy", "-n", "web", "-N", "copy", "-e"));
    words.addAll(options);
    assertThat(programs.run(words.toArray(String[]::new)).ok().lines().getFirst())
        .isEqualTo("Created copy as clone of web");
    String said = programs.run("lxc-attach", "-n", "copy", "--", "sh", "-c", script).ok().out();
    programs.run("lxc-stop", "-k", "-n", "copy").ok();
    Await.until(
        PATIENCE,
        () -> "the copy is gone",
        () -> !programs.run("lxc-ls", "-1").lines().contains("copy"));
    return said;
  }

  /** Debian's copies no root that is not in the container's directory. */
  private void defineWithRoot() throws IOException {
    define("web");
    Path root = place.resolve("web/rootfs");
    Command.of("cp", "-a", TestRoot.path().toString(), root.toString()).run().ok();
    define("web", "lxc.rootfs.path = dir:" + root);
  }

  @Test
  void anEphemeralCopyWritesToMemory() throws IOException {
    defineWithRoot();
    String script = "echo x >/srv/made && ls /srv && grep -c ' / overlay' /proc/self/mounts";

    String expected = inCopy(this::oracle, List.of("-t"), script);
    String found = inCopy(this::lxc, List.of("-t"), script);

    assertThat(found).isEqualTo(expected);
    assertThat(place.resolve("web/rootfs/srv/made")).doesNotExist();
    assertThat(memory()).isEmpty();
  }

  /** What is mounted on the host for what copies write. */
  private List<String> memory() {
    return HostFiles.read("/proc/self/mounts")
        .lines()
        .filter(line -> line.contains(product.home() + "/") && line.contains("/memory tmpfs "))
        .toList();
  }

  @Test
  void memoryOfACopyHasASizeAndOutlastsAReboot() throws IOException {
    define("web");

    Result made = lxc("lxc-copy", "-n", "web", "-N", "copy", "-e", "-t", "--fssize=4M").ok();

    assertThat(made.lines())
        .containsExactly("Created copy as clone of web", "Container is placed on tmpfs.");
    assertThat(memory()).singleElement().asString().contains("size=4096k");
    Result full =
        lxc(
            "lxc-attach",
            "-n",
            "copy",
            "--",
            "dd",
            "if=/dev/zero",
            "of=/srv/x",
            "bs=1M",
            "count=8");
    assertThat(full.err()).contains("No space left on device");
    lxc("lxc-stop", "-r", "-t", "1", "-n", "copy").ok();
    assertThat(lxc("lxc-attach", "-n", "copy", "--", "ls", "/srv").line()).isEqualTo("x");
    lxc("lxc-stop", "-k", "-n", "copy").ok();
    Await.until(PATIENCE, () -> "its memory is given back", () -> memory().isEmpty());
    Await.until(PATIENCE, () -> "it is gone", () -> lxc("lxc-ls", "-1").line().equals("web"));
  }

  @Test
  void aCopyWhoseMemoryIsGoneGoesAllTheSame() throws IOException {
    define("web");
    lxc("lxc-copy", "-n", "web", "-N", "copy", "-e", "-t").ok();
    Command.of("umount", "-l", memory().getFirst().split(" ")[1]).run().ok();

    lxc("lxc-stop", "-k", "-n", "copy").ok();

    Await.until(PATIENCE, () -> "it is gone", () -> lxc("lxc-ls", "-1").line().equals("web"));
  }

  @Test
  void aCopyMayWriteAboveADirectoryOfTheHost() throws IOException {
    defineWithRoot();
    Path shared = Files.createDirectory(place.resolve("shared"));
    Files.writeString(shared.resolve("file"), "of the host\n");
    List<String> options = List.of("-m", "overlay=" + shared + ":/srv/deep");
    String script =
        "cd /srv/deep; cat file; echo x >made; echo changed >file; ls; cat file; stat -c %u made;"
            + " grep -c ' /srv/deep overlay' /proc/self/mounts";

    String expected = inCopy(this::oracle, options, script);
    String found = inCopy(this::lxc, options, script);

    assertThat(found).isEqualTo(expected).contains("of the host", "changed");
    assertThat(HostFiles.names(shared)).containsExactly("file");
    assertThat(shared.resolve("file")).hasContent("of the host");
  }

  @Test
  void whatIsWrittenAboveOneDirectoryIsNotSeenAboveAnother() throws IOException {
    for (String name : List.of("first", "second")) {
      Files.writeString(Files.createDirectory(place.resolve(name)).resolve("file"), name);
      define(
          "web", "lxc.mount.entry = x srv overlay lowerdir=%s 0 0".formatted(place.resolve(name)));
      lxc("lxc-start", "-n", "web").ok();

      String script = "cat /srv/file; echo changed >/srv/file";
      assertThat(lxc("lxc-attach", "-n", "web", "--", "sh", "-c", script).ok().out())
          .isEqualTo(name);

      lxc("lxc-stop", "-k", "-n", "web").ok();
    }
  }

  @Test
  void aCopyThatFailsLeavesWhatWasThereBefore() throws IOException {
    define("web");
    Path other = Files.createDirectory(place.resolve("other"));
    Files.writeString(other.resolve("file"), "somebody's");

    for (String mode : List.of("-D", "--ephemeral")) {
      Result failed =
          lxc("lxc-copy", "-n", "web", "-N", "other", "-e", mode, "-m", "bind=/srv:/proc");
      assertThat(failed.exitCode()).as(failed.toString()).isOne();
      assertThat(HostFiles.names(other)).as(mode).containsExactly("file");
    }
  }

  @Test
  void whatIsWrittenAboveADirectoryStaysOverARebootAndIsSeenFromOutside() throws IOException {
    define("web");
    Path shared = Files.createDirectory(place.resolve("shared"));
    Files.writeString(shared.resolve("file"), "of the host");
    lxc("lxc-copy", "-n", "web", "-N", "copy", "-e", "-D", "-m", "overlay=" + shared + ":/srv")
        .ok();
    lxc("lxc-attach", "-n", "copy", "--", "sh", "-c", "echo kept >/srv/made; rm /srv/file").ok();

    lxc("lxc-stop", "-r", "-t", "1", "-n", "copy").ok();

    String list = "ls /srv; cat /srv/made";
    assertThat(lxc("lxc-attach", "-n", "copy", "--", "sh", "-c", list).lines())
        .containsExactly("made", "kept");
    lxc("lxc-stop", "-k", "-n", "copy").ok();
    Path out = Files.createDirectory(product.home().resolve("out"));
    kapsel("cp", "copy:/srv/.", out.toString()).ok();
    assertThat(HostFiles.names(out)).containsExactly("made");
    kapsel("cp", out + "/made", "copy:/srv/other").ok();
    assertThat(HostFiles.names(shared)).containsExactly("file");
    lxc("lxc-start", "-n", "copy").ok();
    assertThat(lxc("lxc-attach", "-n", "copy", "--", "ls", "/srv").lines())
        .containsExactly("made", "other");
    lxc("lxc-destroy", "-f", "-n", "copy").ok();
  }

  @Test
  void aHookMayChangeTheFilesOfACopy() throws IOException {
    Path hook = place.resolve("hook");
    Path said = place.resolve("said");
    Files.writeString(
        hook,
        "#!/bin/sh\necho \"$LXC_NAME $LXC_SRC_NAME $*\" >%s; echo made >$LXC_ROOTFS_MOUNT/etc/made; test ! -e %s\n"
            .formatted(said, place.resolve("failing")));
    assertThat(hook.toFile().setExecutable(true)).isTrue();
    define("web", "lxc.hook.clone = " + hook);

    lxc("lxc-copy", "-n", "web", "-N", "copy", "--", "x", "y").ok();

    assertThat(said).hasContent("copy web copy lxc clone x y");
    lxc("lxc-start", "-n", "copy").ok();
    assertThat(lxc("lxc-attach", "-n", "copy", "--", "stat", "-c", "%u", "/etc/made").line())
        .isEqualTo("0");
    lxc("lxc-stop", "-k", "-n", "copy").ok();
    assertThat(TestRoot.path().resolve("etc/made")).doesNotExist();
    Files.createFile(place.resolve("failing"));
    assertThat(lxc("lxc-copy", "-n", "web", "-N", "other").err()).contains("has ended with 1");
    assertThat(lxc("lxc-ls", "-1").lines()).containsExactly("copy", "web");
    assertThat(HostFiles.read("/proc/self/mounts")).doesNotContain(product.home() + "/run/views");
  }

  @Test
  void aCopyMayBeElsewhere() throws IOException {
    define("web");
    Path elsewhere = Files.createDirectory(product.home().resolve("elsewhere"));

    lxc("lxc-copy", "-n", "web", "-N", "copy", "-p", elsewhere.toString()).ok();

    assertThat(lxc("lxc-ls", "-1").lines()).containsExactly("web");
    assertThat(elsewhere(elsewhere, "lxc-ls", "-1").line()).isEqualTo("copy");
    elsewhere(elsewhere, "lxc-start", "-n", "copy").ok();
    assertThat(elsewhere(elsewhere, "lxc-info", "-n", "copy", "-sH").line()).isEqualTo("RUNNING");
    elsewhere(elsewhere, "lxc-destroy", "-f", "-n", "copy").ok();
    assertThat(HostFiles.names(elsewhere)).isEmpty();
  }

  private Result elsewhere(Path directory, String program, String... words) {
    List<String> all = new ArrayList<>();
    all.add(Product.DIST.resolve("lxc").resolve(program).toString());
    all.addAll(List.of("-P", directory.toString()));
    all.addAll(List.of(words));
    return product.environment(new Command(all)).run();
  }

  @Test
  void anEphemeralCopyHasMountsOfItsOwn() throws IOException {
    define("web");
    Path shared = Files.createDirectory(place.resolve("shared"));
    Files.writeString(shared.resolve("file"), "seen");

    lxc(
            "lxc-copy",
            "-n",
            "web",
            "-N",
            "copy",
            "-e",
            "-m",
            "bind=%1$s:/srv:ro,bind=%1$s:/mnt".formatted(shared))
        .ok();

    assertThat(
            lxc(
                    "lxc-attach",
                    "-n",
                    "copy",
                    "--",
                    "sh",
                    "-c",
                    "cat /srv/file /mnt/file; touch /srv/x || touch /mnt/x")
                .out())
        .isEqualTo("seenseen");
    lxc("lxc-stop", "-k", "-n", "copy").ok();
    assertThat(shared.resolve("x")).exists();
    for (List<String> wrong :
        List.of(
            List.of("-m", "foo=/x"),
            List.of("-m", "overlay=%1$s:/srv:ro".formatted(shared)),
            List.of("-m", "overlay=/etc/passwd:/srv"),
            List.of("-m", "overlay=/does/not/exist"),
            List.of("-B", "lvm"),
            List.of("-t", "-D"),
            List.of("-t", "-L", "x"),
            List.of("-L", "1G"))) {
      List<String> all = new ArrayList<>(List.of("lxc-copy", "-n", "web", "-e"));
      all.addAll(wrong);
      assertThat(lxc(all.toArray(String[]::new)).exitCode()).as(wrong.toString()).isOne();
    }
    assertThat(lxc("lxc-ls", "-1").lines()).containsExactly("web");
  }
}
