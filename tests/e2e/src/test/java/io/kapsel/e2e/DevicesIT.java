package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Disks, devices and networks come and go while a container runs, and are kept over a start. */
class DevicesIT extends EndToEnd {
  private static final String FUSE = "/dev/fuse";

  private Path shared = Path.of("/");

  @BeforeEach
  void makeAPlace() throws IOException {
    shared = Files.createTempDirectory(Path.of("/var/tmp"), "kapsel-devices-");
    Files.writeString(shared.resolve("file"), "text\n");
  }

  @AfterEach
  void removeThePlace() {
    removeContainers();
    HostFiles.delete(shared);
  }

  private static void start(String... flags) {
    List<String> words = new java.util.ArrayList<>(List.of("run", "-d", "--name", "box"));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/sleep", "1000"));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static Result in(String script) {
    return kapsel("exec", "box", "/bin/sh", "-c", script);
  }

  private static String list() {
    return kapsel("device", "ls", "--format", "{{.Type}} {{.Place}} {{.Source}} {{.Access}}", "box")
        .ok()
        .out();
  }

  @Test
  void showsADirectoryWithTheOwnersThatTheContainerHas() throws IOException {
    start();

    assertThat(kapsel("device", "add", "-v", shared + ":/new/place", "box").ok().line())
        .isEqualTo("/new/place");

    assertThat(in("cat /new/place/file; stat -c %u /new/place/file /new").ok().line())
        .isEqualTo("text\n0\n0");
    in("echo more > /new/place/other").ok();
    assertThat(Files.getAttribute(shared.resolve("other"), "unix:uid")).isEqualTo(0);
    assertThat(list()).contains("disk /new/place " + shared + " rw\n");
  }

  @Test
  void keepsWhatItGotOverAStart() {
    start();
    kapsel("device", "add", "-v", shared + ":/place:ro", "--device", FUSE, "box").ok();

    kapsel("restart", "-t", "1", "box").ok();

    assertThat(in("cat /place/file && test -c /dev/fuse && : < /dev/fuse").ok().line())
        .isEqualTo("text");
    assertThat(in("echo > /place/file").err()).contains("Read-only file system");
  }

  @Test
  void programsOfADirectoryMayBeDenied() throws IOException {
    Files.copy(TestRoot.path().resolve("bin/busybox"), shared.resolve("busybox"));
    start("-v", shared + ":/first:noexec,nosuid");
    kapsel("device", "add", "-v", shared + ":/second:ro,noexec,nodev", "box").ok();

    for (String again : List.of("", "after a start")) {
      assertThat(in("/first/busybox true").exitCode()).as(again).isEqualTo(126);
      assertThat(in("/second/busybox true").exitCode()).as(again).isEqualTo(126);
      assertThat(in("grep -E ' /(first|second) ' /proc/self/mountinfo").ok().out())
          .as(again)
          .contains(" /first rw,nosuid,noexec,")
          .contains(" /second ro,nodev,noexec,");
      kapsel("restart", "-t", "1", "box").ok();
    }
    assertThat(list())
        .contains("disk /first " + shared + " rw,noexec,nosuid\n")
        .contains("disk /second " + shared + " ro,nodev,noexec\n");
  }

  /** Also what is mounted below: nobody becomes a writer by having it shown in a container. */
  @Test
  void whatTheHostHasReadOnlyStaysSo() throws IOException {
    Path below = Files.createDirectory(shared.resolve("below"));
    Command.of("mount", "-t", "tmpfs", "-o", "ro", "kapsel-test", below.toString()).run().ok();
    try {
      start("-v", shared + ":/first", "--mount", "type=bind,src=" + below + ",dst=/top");
      kapsel("device", "add", "-v", shared + ":/second", "box").ok();
      kapsel("update", "-y", "-v", shared + ":/third", "box").ok();

      for (String place : List.of("/first/below", "/second/below", "/third/below", "/top")) {
        assertThat(in("echo x >" + place + "/file").err())
            .as(place)
            .contains("Read-only file system");
      }
      in("echo x >/first/file").ok();
    } finally {
      removeContainers();
      Command.of("umount", "-l", below.toString()).run();
    }
  }

  @Test
  void takesADirectoryAway() {
    start("-v", shared + ":/place");

    kapsel("device", "rm", "box", "/place").ok();

    assertThat(in("ls /place").ok().out()).isEmpty();
    assertThat(list()).doesNotContain("/place");
    kapsel("restart", "-t", "1", "box").ok();
    assertThat(in("ls /place").ok().out()).isEmpty();
    assertThat(Files.exists(shared.resolve("file"))).isTrue();
  }

  @Test
  void letsADeviceBeOpenedAsLongAsItIsThere() {
    start("--cap-add", "MKNOD");
    assertThat(in("test -e /dev/fuse").exitCode()).isEqualTo(1);

    kapsel("device", "add", "--device", FUSE + ":/dev/other:r", "box").ok();

    assertThat(in("stat -c '%t %T' /dev/other; : < /dev/other").ok().line()).isEqualTo("a e5");
    assertThat(in(": > /dev/other").err()).contains("Operation not permitted");
    kapsel("device", "rm", "box", "/dev/other").ok();
    assertThat(in("test -e /dev/other").exitCode()).isEqualTo(1);
    assertThat(in(": < /dev/null; echo x > /dev/null").ok().out()).isEmpty();
  }

  @Test
  void whatEveryContainerHasCanBeAskedFor() {
    String at = "/dev/null,/dev/tty,/dev/ptmx,/dev/console,/dev/full,/dev/full";
    List<String> flags = new java.util.ArrayList<>();
    for (String each : at.split(",")) {
      flags.addAll(List.of("--device", each));
    }
    start(flags.toArray(String[]::new));

    String look = "echo x > /dev/null; readlink /dev/ptmx; stat -c '%t %T' /dev/null /dev/full";
    assertThat(in(look).ok().line()).isEqualTo("pts/ptmx\n1 3\n1 7");
    assertThat(kapsel("device", "add", "--device", "/dev/zero", "box").err())
        .isEqualTo("kapsel: cannot add '/dev/zero': every container has it\n");
    kapsel("device", "rm", "box", "/dev/null").ok();
    in("echo x > /dev/null && test -c /dev/null").ok();
  }

  @Test
  void opensATunnelWhereItMayChangeNetworks() {
    start("--device", "/dev/net/tun", "--cap-add", "NET_ADMIN");

    String look = "stat -c '%t %T' /dev/net/tun; stat -c %u:%a /dev/net; : <> /dev/net/tun";
    assertThat(in(look).ok().line()).isEqualTo("a c8\n0:755");
  }

  @Test
  void givesAndTakesADeviceInADirectory() {
    start();

    kapsel("device", "add", "--device", "/dev/net", "--device", FUSE + ":/dev/a/b/fuse", "box")
        .ok();

    in(": <> /dev/net/tun && : < /dev/a/b/fuse").ok();
    assertThat(list()).contains("device /dev/net/tun /dev/net/tun rwm\n");
    kapsel("restart", "-t", "1", "box").ok();
    assertThat(in(": <> /dev/net/tun && : < /dev/a/b/fuse && stat -c %u /dev/a/b").ok().line())
        .isEqualTo("0");
    kapsel("device", "rm", "box", "/dev/net/tun").ok();
    assertThat(in("test -e /dev/net/tun").exitCode()).isEqualTo(1);
  }

  @Test
  void givesAllDevicesOfADirectory() throws IOException {
    Path twin = Files.createDirectories(shared.resolve("devices/below"));
    Command.of("mknod", twin.resolve("one").toString(), "c", "1", "5").run().ok();
    Command.of("mknod", twin.resolveSibling("two").toString(), "c", "1", "7").run().ok();
    Files.createFile(twin.resolve("file"));
    start("--device", shared.resolve("devices") + ":/dev/all");

    assertThat(in("find /dev/all -type c | sort; head -c 3 /dev/all/below/one | wc -c").ok().line())
        .isEqualTo("/dev/all/below/one\n/dev/all/two\n3");
    assertThat(
            kapsel("run", "--rm", "--device", shared + "/file:/dev/x", TestRoot.reference(), "true")
                .err())
        .contains("is not a device");
    assertThat(
            kapsel("run", "--rm", "--device", twin + ":/elsewhere", TestRoot.reference(), "true")
                .err())
        .contains("a device is named below /dev, not '/elsewhere'");
  }

  @Test
  void makesNodesNowhereButInItsDev() throws IOException {
    start("--privileged", "--security-opt", "seccomp=unconfined");
    in("mkdir /trap && mount --bind /trap /dev").ok();

    Result added = kapsel("device", "add", "--device", FUSE, "box");

    assertThat(added.exitCode()).isEqualTo(1);
    assertThat(added.err()).contains("invalid cross-device link (EXDEV)");
    String id = kapsel("inspect", "--format", "{{.Id}}", "box").ok().line();
    assertThat(HostFiles.names(product.state().resolve("containers/" + id + "/upper/trap")))
        .isEmpty();
    assertThat(list()).doesNotContain(FUSE);
  }

  @Test
  void followsNoLinkOutOfTheContainer() throws IOException {
    start();
    in("ln -s /../../../../" + shared + " /out").ok();

    kapsel("device", "add", "-v", shared.resolve("file") + ":/out/inside", "box");

    assertThat(shared.resolve("inside")).doesNotExist();
  }

  @Test
  void joinsAndLeavesANetwork() {
    kapsel("network", "create", "plugged").ok();
    try {
      start("--network", "bridge");

      kapsel("device", "add", "--network", "plugged", "box").ok();
      assertThat(in("ls /sys/class/net").ok().out()).contains("eth1");
      assertThat(list()).contains("network plugged plugged");
      kapsel("device", "rm", "box", "plugged").ok();
      assertThat(in("ls /sys/class/net").ok().out()).doesNotContain("eth1");
    } finally {
      kapsel("rm", "-f", "box");
      kapsel("network", "rm", "plugged").ok();
    }
  }

  @Test
  void saysWhatIsWrong() {
    start("-v", shared + ":/place");

    assertThat(kapsel("device", "add", "box").err())
        .isEqualTo("kapsel: nothing to add: use --volume, --mount, --device, --network or --nic\n");
    assertThat(kapsel("device", "add", "-v", shared + ":/place", "box").err())
        .isEqualTo(
            "kapsel: cannot add '/place': 'box' has something there already; remove it first\n");
    assertThat(kapsel("device", "add", "--device", "/dev/none", "box").err())
        .contains("/dev/none", "ENOENT");
    assertThat(kapsel("device", "rm", "box", "/nothing").err())
        .isEqualTo("kapsel: cannot remove '/nothing': there is no such device\n");
  }
}
