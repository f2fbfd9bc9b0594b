package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Containers of LXC, Incus and OpenVZ that are taken over where they are, with roots that boot. */
class AdoptIT extends EndToEnd {
  private Path place;

  @BeforeEach
  void makePlace() throws IOException {
    place = Files.createDirectory(product.home().resolve("foreign"));
  }

  @AfterEach
  void forget() {
    product.removeAll();
    HostFiles.delete(place);
  }

  /** A root with an init, as it lies in the other system's place. */
  private Path root(String where) throws IOException {
    Path root = place.resolve(where);
    Files.createDirectories(root.getParent());
    Command.of("cp", "-a", TestRoot.path().toString(), root.toString()).run().ok();
    Files.createDirectories(root.resolve("sbin"));
    Files.createSymbolicLink(root.resolve("sbin/init"), Path.of("/bin/busybox"));
    Files.writeString(root.resolve("srv/here"), "from before\n");
    Command.of("chown", "1000:1000", root.resolve("srv/here").toString()).run().ok();
    return root;
  }

  private String inside(String name, String command) {
    return kapsel("exec", name, "/bin/sh", "-c", command).ok().out().strip();
  }

  /** Its files are there with their owners, and what it writes is not written to them. */
  private void checkFiles(String name, Path root) {
    assertThat(inside(name, "cat /srv/here; stat -c %u /srv/here; cat /proc/1/comm"))
        .isEqualTo("from before\n1000\ninit");
    assertThat(inside(name, "echo new >/srv/here && cat /srv/here")).isEqualTo("new");
    assertThat(root.resolve("srv/here")).hasContent("from before");
  }

  @Test
  void aContainerOfIncus() throws IOException {
    Path web = Files.createDirectories(place.resolve("containers/web"));
    Path root = root("containers/web/rootfs");
    Path data = Files.createDirectories(place.resolve("data"));
    Files.writeString(data.resolve("file"), "shared\n");
    Files.write(
        web.resolve("backup.yaml"),
        List.of(
            "container:",
            "  expanded_config:",
            "    limits.memory: 64MiB",
            "    limits.processes: \"77\"",
            "    environment.COLOUR: blue",
            "    boot.autostart: \"true\"",
            "    raw.lxc: |-",
            "      lxc.hook.start = /bin/touch /tmp/lost",
            "  expanded_devices:",
            "    data:",
            "      path: /data",
            "      source: " + data,
            "      readonly: \"true\"",
            "      type: disk",
            "    root:",
            "      path: /",
            "      pool: default",
            "      type: disk",
            "  name: web"));

    Result adopted = kapsel("adopt", web.toString()).ok();

    assertThat(adopted.err().lines().map(line -> line.replaceFirst(".*': line \\d+: ", "")))
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).startsWith("lxc.hook.start: it is obeyed for containers"));
    kapsel("start", "web").ok();
    checkFiles("web", root);
    assertThat(inside("web", "cat /data/file; echo x >/data/file || echo refused; hostname"))
        .isEqualTo("shared\nrefused\nweb");
    assertThat(
            inside("web", "head -1 /proc/meminfo; tr '\\0' '\\n' </proc/1/environ | grep COLOUR"))
        .contains("65536 kB", "COLOUR=blue");
    assertThat(kapsel("inspect", "-f", "{{.HostConfig.PidsLimit}}", "web").line()).isEqualTo("77");
    assertThat(kapsel("inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", "web").line())
        .isEqualTo("unless-stopped");
    kapsel("stop", "web").ok();
    kapsel("start", "web").ok();
    assertThat(inside("web", "cat /srv/here")).isEqualTo("new");
  }

  @Test
  void aContainerOfOpenvz() throws IOException {
    Path root = root("private/101");
    Path conf = place.resolve("101.conf");
    Files.write(
        conf,
        List.of(
            "PHYSPAGES=\"0:16384\"",
            "NUMPROC=\"66:66\"",
            "CPULIMIT=\"50\"",
            "VE_PRIVATE=\"" + place + "/private/$VEID\"",
            "HOSTNAME=\"www.example.org\"",
            "KMEMSIZE=\"1:2\""));

    Result adopted = kapsel("adopt", conf.toString()).ok();

    assertThat(adopted.err()).contains("line 6: KMEMSIZE: the kernel has no such counter");
    kapsel("start", "ct101").ok();
    checkFiles("ct101", root);
    assertThat(inside("ct101", "hostname; head -1 /proc/meminfo")).contains("www", "65536 kB");
    assertThat(kapsel("inspect", "-f", "{{.HostConfig.CpuQuota}}", "ct101").line())
        .isEqualTo("50000");
    assertThat(kapsel("inspect", "-f", "{{.HostConfig.PidsLimit}}", "ct101").line())
        .isEqualTo("66");
  }

  @Test
  void aContainerOfLxcWithWhatCannotBeTakenOver() throws IOException {
    Path web = Files.createDirectories(place.resolve("web"));
    Path root = root("web/rootfs");
    Files.write(
        web.resolve("config"),
        List.of(
            "lxc.rootfs.path = dir:" + root,
            "lxc.uts.name = www",
            "lxc.hook.mount = /usr/share/lxcfs/lxc.mount.hook",
            "lxc.hook.autodev = /bin/true",
            "lxc.time.offset.boot = 1h",
            "lxc.net.0.type = empty",
            "lxc.net.0.script.up = /bin/true"));

    Result dry = kapsel("adopt", "--dry-run", web.toString()).ok();
    assertThat(kapsel("ps", "-aq").line()).isEmpty();
    Result adopted = kapsel("adopt", web.toString()).ok();

    assertThat(adopted.err()).isEqualTo(dry.err());
    assertThat(adopted.err().lines().map(line -> line.replaceFirst(".*': line (\\d+):.*", "$1")))
        .containsExactlyInAnyOrder("4", "5", "7");
    kapsel("start", "web").ok();
    checkFiles("web", root);
    assertThat(inside("web", "hostname")).isEqualTo("www");
    assertThat(kapsel("adopt", web.toString()).err()).contains("web");
  }
}
