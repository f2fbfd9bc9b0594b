package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is done for an unprivileged system that may not do it itself, and nothing beyond. */
class InterceptIT extends EndToEnd {
  private static final String GOES_ON = "#!/bin/sh\nwhile :; do sleep 1; done\n";

  private final List<String> loops = new ArrayList<>();
  private Path home;
  private Path root;

  @BeforeEach
  void makeRoot() throws IOException {
    home = Files.createDirectory(product.home().resolve("intercept"));
    root = home.resolve("root");
    Command.of("cp", "-a", TestRoot.path().toString(), root.toString()).run().ok();
    Files.createDirectories(root.resolve("mnt"));
    Path init = Files.createDirectories(root.resolve("sbin")).resolve("init");
    Files.writeString(init, GOES_ON);
    Command.of("chmod", "755", init.toString()).run().ok();
  }

  @AfterEach
  void removeAll() {
    product.removeAll();
    loops.forEach(loop -> Command.of("losetup", "-d", loop).run());
    HostFiles.delete(home);
  }

  /** A disk with ext4 that says that an error has to stop the host. */
  private String disk(String name) {
    String file = home.resolve(name).toString();
    Command.of("truncate", "-s", "8M", file).run().ok();
    Command.of("mke2fs", "-q", "-F", "-t", "ext4", "-e", "panic", file).run().ok();
    String loop = Command.of("losetup", "-f", "--show", file).run().ok().line();
    loops.add(loop);
    return loop;
  }

  private void launch(String... flags) {
    List<String> words = new ArrayList<>(List.of("launch"));
    words.addAll(List.of(flags));
    words.addAll(List.of("dir:" + root, "box"));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static Result in(String script) {
    return kapsel("exec", "box", "/bin/sh", "-c", script);
  }

  @Test
  void makesNodesOfHarmlessDevicesOnly() {
    launch("--intercept", "mknod");

    assertThat(in("mknod /srv/n c 1 3 && echo x >/srv/n && stat -c '%t %T %u %g %a' /srv/n").line())
        .isEqualTo("1 3 0 0 644");
    assertThat(
            in("cd /srv && umask 77 && mknod z c 1 5 && head -c 3 z | wc -c; stat -c %a z").out())
        .isEqualTo("3\n600\n");
    for (String other : List.of("c 1 1", "c 10 200", "b 7 0", "b 1 3", "c 5 2")) {
      assertThat(in("mknod /srv/other " + other).err()).contains("Operation not permitted");
    }
    assertThat(in("mknod /srv/p p && mknod /tmp/w c 0 0 && echo ours").line()).isEqualTo("ours");
  }

  @Test
  void aNodeOfTheHostsConsoleCanBeMadeAndNotBeOpened() {
    launch("--intercept", "mknod");

    assertThat(in("mknod -m 600 /srv/console c 5 1; echo $?").line()).isEqualTo("0");
    assertThat(in("head -c 0 /srv/console").err()).contains("Operation not permitted");
    assertThat(in("echo x >/srv/console").err()).contains("Operation not permitted");
  }

  @Test
  void doesNothingUnlessAsked() {
    launch("--intercept", "sysinfo");

    assertThat(in("mknod /srv/n c 1 3").err()).contains("Operation not permitted");
  }

  @Test
  void mountsAFileSystemOfAnAllowedType() throws IOException {
    launch("--intercept", "mount=ext4", "--device", disk("one") + ":/dev/disk");

    assertThat(in("mount -t ext4 /dev/disk /mnt && touch /mnt/f && stat -c '%u %g' /mnt/f").line())
        .isEqualTo("0 0");
    assertThat(in("grep ' /mnt ' /proc/self/mountinfo").line())
        .contains("nodev", "idmapped", "- ext4 /dev/disk ", "errors=remount-ro");
    assertThat(in("umount /mnt && ls /mnt").out()).isEmpty();
    assertThat(in("mount -t ext4 -o ro,noexec /dev/disk /mnt && touch /mnt/g").err())
        .contains("Read-only file system");
    assertThat(in("mount -t tmpfs none /tmp && echo own").line()).isEqualTo("own");
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain("/dev/disk");
  }

  @Test
  void mountsNothingElse() {
    String given = disk("one");
    String other = disk("two");
    String[] numbers = Command.of("stat", "-c", "%t %T", other).run().ok().line().split(" ");
    Command.of(
            "mknod",
            root.resolve("srv/other").toString(),
            "b",
            Integer.toString(Integer.parseInt(numbers[0], 16)),
            Integer.toString(Integer.parseInt(numbers[1], 16)))
        .run()
        .ok();
    launch(
        "--intercept",
        "mount=ext4",
        "--device",
        given + ":/dev/disk",
        "--device",
        given + ":/dev/read:r");

    assertThat(in("mount -t xfs /dev/disk /mnt").exitCode()).isNotZero();
    assertThat(in("mount -t ext4 /srv/other /mnt").err()).contains("ermission denied");
    assertThat(in("mount -t ext4 /bin/sh /mnt").exitCode()).isNotZero();
    for (String option : List.of("errors=panic", "journal_path=/dev/disk", "journal_dev=1792")) {
      assertThat(in("mount -t ext4 -o " + option + " /dev/disk /mnt").err())
          .contains("Invalid argument");
    }
    assertThat(in("chown 1000 /dev/disk; unshare -Urm mount -t ext4 /dev/disk /mnt").exitCode())
        .isNotZero();
    assertThat(in("grep -c ' /mnt ' /proc/self/mountinfo").line()).isEqualTo("0");
  }

  @Test
  void aDeviceToReadIsNotMountedToWrite() {
    launch("--intercept", "mount=ext4", "--device", disk("one") + ":/dev/disk:r");

    assertThat(in("mount -t ext4 /dev/disk /mnt").err()).contains("ermission denied");
    assertThat(in("mount -t ext4 -o ro,noload /dev/disk /mnt && ls /mnt").line())
        .isEqualTo("lost+found");
  }

  @Test
  void tellsProgramsOf32BitsWhatItHas() {
    launch("--memory", "64m", "--intercept", "sysinfo");

    assertThat(in("/bin/probe narrow-sysinfo").line())
        .isEqualTo(System.getProperty("os.arch").equals("amd64") ? "65536" : "-1");
  }

  @Test
  void saysWhatThereIs() {
    assertThat(kapsel("launch", "--intercept", "mount=btrfs", "dir:" + root, "box").err())
        .startsWith(
            "kapsel: file systems of type 'btrfs' cannot be mounted for it;"
                + " use erofs, exfat, ext4, ntfs3, squashfs, vfat, xfs\n");
    assertThat(kapsel("launch", "--intercept", "mkdir", "dir:" + root, "box").err())
        .startsWith(
            "kapsel: 'mkdir' cannot be intercepted;"
                + " use affinity, mknod, mount=TYPE, setxattr, sysinfo\n");
    assertThat(
            kapsel("launch", "--userns", "host", "--intercept", "mknod", "dir:" + root, "box")
                .err())
        .startsWith(
            "kapsel: 'mknod' is intercepted for systems in a user namespace alone;"
                + " leave --userns host or --intercept out\n");
  }
}
