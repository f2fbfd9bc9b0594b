package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Files that belong to other ids on the host than inside, as unprivileged containers of LXC have
 * them.
 */
class OwnersIT extends LxcEndToEnd {
  /** With one user of the host, as many have it for their directories. */
  private static final List<String> MAPS =
      List.of(
          "lxc.idmap = u 0 100000 1000",
          "lxc.idmap = g 0 100000 1000",
          "lxc.idmap = b 1000 1000 1",
          "lxc.idmap = b 1001 101001 64535");

  private Path root() throws IOException {
    Path root = Files.createDirectories(place.resolve("web")).resolve("rootfs");
    Command.of("cp", "-a", TestRoot.path().toString(), root.toString()).run().ok();
    own(root.toString(), "-R", "100000:100000");
    file(root.resolve("srv/own"), "100007:100008");
    file(root.resolve("srv/users"), "1000:1000");
    file(root.resolve("srv/strange"), "7:7");
    return root;
  }

  private Path data() throws IOException {
    Path data = Files.createDirectory(place.resolve("data"));
    own(data.toString(), "-h", "100000:100000");
    file(data.resolve("roots"), "100000:100000");
    return data;
  }

  private static void own(String path, String how, String owner) {
    Command.of("chown", how, owner, path).run().ok();
  }

  private static void file(Path path, String owner) throws IOException {
    Files.writeString(path, path.getFileName() + "\n");
    own(path.toString(), "-h", owner);
  }

  private static String owner(Path path) {
    return Command.of("stat", "-c", "%u:%g", path.toString()).run().ok().line();
  }

  private void define(Path root, String... more) throws IOException {
    List<String> lines = new ArrayList<>(MAPS);
    lines.add("lxc.rootfs.path = dir:" + root);
    lines.addAll(List.of(more));
    define("web", lines.toArray(String[]::new));
  }

  private String inside(String name, String command) {
    return lxc("lxc-attach", "-n", name, "--", "/bin/sh", "-c", command).ok().out().strip();
  }

  @Test
  void aContainerOfLxcWithIdsOfItsOwnGoesOnWhereItIs() throws IOException {
    Path root = root();
    Path data = data();
    file(data.resolve("users"), "1000:1000");
    define(root, "lxc.mount.entry = " + data + " data none bind,create=dir 0 0");

    lxc("lxc-start", "-n", "web").ok();

    String owners = "stat -c '%n %u:%g' /srv/own /srv/users /data/roots /data/users / /home/user";
    assertThat(inside("web", owners).lines())
        .containsExactly(
            "/srv/own 7:8",
            "/srv/users 1000:1000",
            "/data/roots 0:0",
            "/data/users 1000:1000",
            "/ 0:0",
            "/home/user 0:0");
    assertThat(inside("web", "stat -c %u /srv/strange; echo x >>/srv/strange || echo refused"))
        .isEqualTo("65534\nrefused");
    inside("web", "echo new >/data/new; echo changed >>/srv/own; chown 5:6 /srv/users");
    assertThat(inside("web", "stat -c %u:%g /srv/own /srv/users")).isEqualTo("7:8\n5:6");
    assertThat(owner(data.resolve("new"))).isEqualTo("100000:100000");
    assertThat(root.resolve("srv/own")).hasContent("own");
    assertThat(owner(root.resolve("srv/users"))).isEqualTo("1000:1000");
    assertThat(lxc("lxc-info", "-n", "web", "-c", "lxc.idmap").out()).contains("u 0 100000 1000");

    lxc("lxc-stop", "-k", "-n", "web").ok();
    lxc("lxc-copy", "-n", "web", "-N", "copy").ok();
    lxc("lxc-start", "-n", "copy").ok();
    assertThat(inside("copy", "stat -c %u:%g /srv/own /srv/users /home/user /data/new"))
        .isEqualTo("7:8\n5:6\n0:0\n0:0");
    lxc("lxc-stop", "-k", "-n", "copy").ok();
  }

  @Test
  void whoLooksFromOutsideSeesTheContainersOwnNumbers() throws IOException {
    Path root = root();
    Path data = data();
    define(root, "lxc.mount.entry = " + data + " data none bind,create=dir 0 0");
    kapsel("adopt", place.resolve("web").toString(), "taken").ok();

    for (String state : List.of("before", "running", "after")) {
      if (state.equals("running")) {
        kapsel("start", "taken").ok();
        kapsel("exec", "taken", "/bin/sh", "-c", "echo x >>/srv/own").ok();
      }
      if (state.equals("after")) {
        kapsel("stop", "-t", "0", "taken").ok();
      }
      assertThat(listed("kapsel cp taken:/srv/own - | tar -tv --numeric-owner"))
          .as(state)
          .contains(" 7/8 ");
      assertThat(listed("kapsel cp taken:/data/roots - | tar -tv --numeric-owner"))
          .as(state)
          .contains(" 0/0 ");
      assertThat(listed("kapsel export taken | tar -tv --numeric-owner | grep 'home/user/$'"))
          .as(state)
          .contains(" 0/0 ");
    }
    assertThat(kapsel("diff", "taken").ok().lines()).contains("C /srv/own");
    kapsel("commit", "taken", "owned:1").ok();
    assertThat(kapsel("run", "--rm", "owned:1", "stat", "-c", "%u:%g", "/srv/own", "/bin").lines())
        .containsExactly("7:8", "0:0");
    kapsel("rmi", "-f", "owned:1").ok();
  }

  private String listed(String pipe) {
    return product
        .environment(
            Command.of(
                "/bin/sh", "-c", pipe.replace("kapsel ", Product.DIST.resolve("bin/kapsel") + " ")))
        .run()
        .ok()
        .out();
  }

  @Test
  void aRootThatWasMadeAnewIsNotTheOldOne() throws IOException {
    Path root = root();
    define(root);
    lxc("lxc-start", "-n", "web").ok();
    lxc("lxc-destroy", "-f", "-n", "web").ok();
    HostFiles.delete(root);

    root();
    own(root.resolve("srv/own").toString(), "-h", "100003:100003");
    define(root);
    lxc("lxc-start", "-n", "web").ok();

    assertThat(inside("web", "stat -c %u /srv/own")).isEqualTo("3");
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  @Test
  void whatATemplateMakesBelongsToThoseIds() throws IOException {
    Path template = place.resolve("lxc-tiny");
    Files.writeString(
        template,
        """
        #!/bin/sh -e
        for word; do case $word in --rootfs=*) root=${word#*=} ;; esac; done
        cp -a %s/. $root/
        echo made >$root/srv/made
        chown 12:13 $root/srv/made
        """
            .formatted(TestRoot.path()));
    Command.of("chmod", "755", template.toString()).run().ok();
    Path config = place.resolve("given");
    List<String> lines = new ArrayList<>(MAPS);
    lines.addAll(List.of("lxc.net.0.type = empty", "lxc.init.cmd = /bin/busybox init"));
    Files.write(config, lines);

    lxc("lxc-create", "-n", "tiny", "-f", config.toString(), "-t", template.toString()).ok();

    Path root = place.resolve("tiny/rootfs");
    assertThat(owner(root.resolve("srv/made"))).isEqualTo("100012:100013");
    assertThat(owner(root)).isEqualTo("100000:100000");
    assertThat(HostFiles.read("/proc/self/mountinfo")).doesNotContain(root.toString());
    lxc("lxc-start", "-n", "tiny").ok();
    assertThat(
            inside(
                "tiny", "stat -c %u:%g /srv/made /bin/probe-setuid; stat -c %a /bin/probe-setuid"))
        .isEqualTo("12:13\n0:0\n4755");
    lxc("lxc-stop", "-k", "-n", "tiny").ok();
  }

  @Test
  void theSameByFlagsAlsoWhileItRuns() throws IOException {
    Path root = root();
    Path data = data();
    String dir = "dir:" + root;
    String[] look = {"/bin/stat", "-c", "%u", "/srv/own"};

    List<String> words =
        new ArrayList<>(List.of("run", "--rm", "--owners", "b:0:100000:65536", dir));
    words.addAll(List.of(look));
    assertThat(kapsel(words.toArray(String[]::new)).ok().line()).isEqualTo("7");
    Result without = kapsel("run", "--rm", dir, "/bin/stat", "-c", "%u", "/srv/own");
    assertThat(without.exitCode()).isEqualTo(125);
    assertThat(without.err())
        .contains("'" + root + "' belongs to 100000, whom the container does not have")
        .contains("perhaps --owners b:0:100000:65536");

    kapsel("run", "-d", "--name", "seen", "--owners", "b:0:100000:65536", dir, "/bin/sleep", "600")
        .ok();
    kapsel("update", "--mount-add", "type=bind,source=" + data + ",target=/data", "seen").ok();
    assertThat(kapsel("exec", "seen", "/bin/stat", "-c", "%u", "/data/roots").ok().line())
        .isEqualTo("0");
    kapsel("rm", "-f", "seen").ok();
  }

  @Test
  void aDeviceOfOneThatRunsIsShownAsAtAStart() throws IOException {
    Path data = data();
    file(data.resolve("strange"), "7:7");
    kapsel(
            "run",
            "-d",
            "--name",
            "seen",
            "--owners",
            "b:0:100000:65536",
            "dir:" + root(),
            "/bin/sleep",
            "600")
        .ok();

    kapsel("device", "add", "-v", data + ":/data", "seen").ok();

    for (String again : List.of("now", "after a start")) {
      assertThat(
              kapsel("exec", "seen", "/bin/stat", "-c", "%u:%g", "/data/roots", "/data/strange")
                  .ok()
                  .lines())
          .as(again)
          .containsExactly("0:0", "65534:65534");
      kapsel("exec", "seen", "/bin/sh", "-c", "echo new >/data/new").ok();
      assertThat(owner(data.resolve("new"))).as(again).isEqualTo("100000:100000");
      Files.delete(data.resolve("new"));
      kapsel("restart", "-t", "0", "seen").ok();
    }
  }

  @Test
  void whatCannotBeShownAsAnothersIsSeenAsItIs() throws IOException {
    Path bare = bare();
    file(bare.resolve("file"), "100005:100006");
    try {
      define(root(), "lxc.mount.entry = " + bare + " bare none bind,create=dir 0 0");
      kapsel("adopt", place.resolve("web").toString(), "taken").ok();

      for (String state : List.of("before", "after")) {
        assertThat(listed("kapsel cp taken:/srv/own - | tar -tv --numeric-owner"))
            .as(state)
            .contains(" 7/8 ");
        assertThat(listed("kapsel cp taken:/bare/file - | tar -tv --numeric-owner"))
            .as(state)
            .contains(" 100005/100006 ");
        kapsel("start", "taken").ok();
        assertThat(kapsel("exec", "taken", "/bin/stat", "-c", "%u", "/bare/file").ok().line())
            .isEqualTo("65534");
        kapsel("stop", "-t", "0", "taken").ok();
      }
    } finally {
      product.removeAll();
      Command.of("umount", "-l", bare.toString()).run();
    }
  }

  @Test
  void aLookThatFailsKeepsNothingOpen() throws IOException {
    Path bare = bare();
    Path data = data();
    try {
      List<String> mounts = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        mounts.add("lxc.mount.entry = " + data + " data" + i + " none bind,create=dir 0 0");
      }
      mounts.add(
          "lxc.mount.entry = " + bare + " last overlay lowerdir=" + bare + ",create=dir 0 0");
      define(root(), mounts.toArray(String[]::new));
      kapsel("adopt", place.resolve("web").toString(), "taken").ok();

      int before = looksInVain();
      int after = looksInVain();

      assertThat(after).isLessThan(before + 20);
    } finally {
      product.removeAll();
      Command.of("umount", "-l", bare.toString()).run();
    }
  }

  /** How many descriptors the engine has afterwards. */
  private int looksInVain() {
    for (int i = 0; i < 5; i++) {
      assertThat(kapsel("cp", "taken:/srv/own", "-").err())
          .contains("its owners cannot be shown as others");
    }
    return HostFiles.names(Path.of("/proc/" + product.engine() + "/fd")).size();
  }

  /** A file system that shows owners as they are. */
  private Path bare() throws IOException {
    Path bare = Files.createDirectory(place.resolve("bare"));
    Command.of("mount", "-t", "ramfs", "kapsel-test", bare.toString()).run().ok();
    return bare;
  }

  @Test
  void rangesThatMakeNoSense() throws IOException {
    String dir = TestRoot.reference();
    assertThat(kapsel("run", "--owners", "0:1:2", dir, "true").err())
        .contains("'0:1:2' is not u|g|b:INSIDE:HOST:COUNT, such as b:0:100000:65536");
    assertThat(kapsel("run", "--owners", "u:0:1:2", dir, "true").err())
        .contains("owners of groups are missing");
    assertThat(kapsel("run", "--owners", "b:0:1:2", "--owners", "b:1:9:1", dir, "true").err())
        .contains("owners of users overlap: 0:1:2 and 1:9:1");
    Result host = kapsel("run", "--userns", "host", "--owners", "b:0:1:2", dir, "true");
    assertThat(host.exitCode()).isEqualTo(125);
    assertThat(host.err()).contains("which --userns host leaves out");
    Result privileged = kapsel("run", "--privileged", "--owners", "b:0:1:2", dir, "true");
    assertThat(privileged.exitCode()).isEqualTo(125);
    assertThat(privileged.err()).contains("which --privileged leaves out");
    Result swapped = kapsel("run", "--owners", "b:100000:0:65536", dir, "true");
    assertThat(swapped.exitCode()).isEqualTo(125);
    assertThat(swapped.err()).contains("the order is INSIDE:HOST:COUNT");
    assertThat(kapsel("ps", "-aq").line()).isEmpty();
  }
}
