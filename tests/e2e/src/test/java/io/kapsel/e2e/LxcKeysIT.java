package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What keys do to a container, as far as possible compared with Debian's lxc. */
class LxcKeysIT extends LxcEndToEnd {
  private static final String CONFIGURATIONS = "/usr/share/lxc/config/";

  /** The same by Debian's lxc and by ours; what they print. */
  private List<String> asDebians(List<String> script) {
    List<String> expected = said(false, script);
    assertThat(said(true, script)).isEqualTo(expected);
    return expected;
  }

  private List<String> said(boolean ours, List<String> script) {
    String[] look = {
      "lxc-attach", "-n", "web", "--", "/bin/sh", "-c", String.join("\n", script) + "\ntrue"
    };
    call(ours, "lxc-start", "-n", "web").ok();
    List<String> lines = call(ours, look).lines();
    call(ours, "lxc-stop", "-k", "-n", "web").ok();
    return lines;
  }

  private Result call(boolean ours, String... words) {
    return ours ? lxc(words) : oracle(words);
  }

  private static String include(String name) {
    return "lxc.include = " + CONFIGURATIONS + name;
  }

  @ParameterizedTest
  @ValueSource(strings = {"oci.common.conf", "nesting.conf", "userns.conf"})
  void whatDebianIncludesInItsConfigurationsStarts(String name) throws IOException {
    define("web", include("common.conf"), include(name));

    assertThat(asDebians(List.of("cat /proc/sys/kernel/hostname"))).containsExactly("web");
  }

  @Test
  void nestingHasAProcForContainersInside() throws IOException {
    define("web", include("common.conf"), include("nesting.conf"));

    assertThat(asDebians(List.of("ls -d /dev/.lxc/proc/1 /dev/.lxc/sys/kernel"))).hasSize(2);
  }

  @Test
  void devicesAreOpenedByWhatIsSaidOfThem() throws IOException {
    define(
        "web",
        include("common.conf"),
        "lxc.cgroup.devices.deny = c 10:200 rwm",
        "lxc.cgroup2.devices.deny = c 10:200 rwm",
        "lxc.cgroup.devices.allow = c 10:237 r",
        "lxc.cgroup2.devices.allow = c 10:237 r",
        "lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0",
        "lxc.mount.entry = /dev/net/tun dev/net/tun none bind,create=file 0 0",
        "lxc.mount.entry = /dev/loop-control dev/loop-control none bind,create=file 0 0",
        "lxc.mount.entry = /dev/kmsg dev/given none bind,create=file 0 0");

    assertThat(
            asDebians(
                List.of(
                    "for it in fuse net/tun loop-control given; do",
                    "  test -c /dev/$it && (: </dev/$it) && echo $it is read",
                    "  (: >/dev/$it) && echo $it is written",
                    "done 2>/dev/null")))
        .containsExactly("fuse is read", "fuse is written", "loop-control is read");
  }

  @Test
  void withoutAWordOfDevicesWhatIsGivenIsOpen() throws IOException {
    define("web", "lxc.mount.entry = /dev/loop-control dev/loop-control none bind,create=file 0 0");

    assertThat(asDebians(List.of("(: </dev/loop-control) && echo open"))).containsExactly("open");
  }

  /** Debian's obeys that beside {@code ro} alone: else nothing is mounted anew for it. */
  @Test
  void programsAndDevicesOfAMountMayBeDenied() throws IOException {
    Path data = Files.createDirectories(place.resolve("data"));
    Files.copy(TestRoot.path().resolve("bin/busybox"), data.resolve("busybox"));
    String entry = "lxc.mount.entry = " + data + " data none bind,create=dir,%s 0 0";
    List<String> script =
        List.of(
            "grep -o '/data [a-z0-9]* [a-z,]*relatime' /proc/mounts",
            "/data/busybox echo runs 2>/dev/null || echo runs not");

    define("web", entry.formatted("ro,nosuid,nodev,noexec"));
    assertThat(asDebians(script))
        .hasSize(2)
        .anyMatch(line -> line.contains(" ro,nosuid,nodev,noexec,"))
        .contains("runs not");

    define("web", entry.formatted("nosuid,noexec"));
    assertThat(said(true, script)).contains("runs not").anyMatch(it -> it.contains(" rw,nosuid,"));
    define("web", entry.formatted("nosuid,noexec,exec"));
    assertThat(said(true, script)).contains("runs").anyMatch(it -> it.contains(" rw,nosuid,"));
  }

  @Test
  void procAndSysAreAsSaid() throws IOException {
    List<String> script =
        List.of(
            "echo 77 2>/dev/null >/proc/sys/kernel/msgmni && cat /proc/sys/kernel/msgmni",
            "grep -o '/sys sysfs r.' /proc/mounts");

    define("web");
    assertThat(asDebians(script)).containsExactly("/sys sysfs ro");
    define("web", "lxc.mount.auto = proc:rw sys:rw");
    assertThat(asDebians(script)).containsExactly("77", "/sys sysfs rw");
  }

  /** What the host has is its root's alone, however it is mounted. */
  @Test
  void whatIsTheHostsCannotBeWritten() throws IOException {
    define("web", "lxc.mount.auto = proc:rw sys:rw");
    String panic = HostFiles.read("/proc/sys/kernel/panic");

    List<String> said =
        said(
            true,
            List.of(
                "for it in /proc/sys/kernel/panic /proc/sys/vm/swappiness /proc/sysrq-trigger"
                    + " /sys/kernel/mm/transparent_hugepage/enabled /sys/kernel/uevent_helper; do",
                "  (echo 5 >$it) && echo $it is written",
                "done 2>/dev/null; echo end"));

    assertThat(said).containsExactly("end");
    assertThat(HostFiles.read("/proc/sys/kernel/panic")).isEqualTo(panic);
  }

  @Test
  void aRootOfLayersHasWhatWasChanged() throws IOException {
    Path lower = TestRoot.path();
    Path middle = Files.createDirectories(place.resolve("middle"));
    Path delta = Files.createDirectories(place.resolve("delta"));
    for (Path each : List.of(middle, delta)) {
      Files.createDirectories(each.resolve("srv"));
      Files.writeString(each.resolve("srv/both"), each.getFileName() + "\n");
    }
    Files.writeString(middle.resolve("srv/gone"), "");
    Files.writeString(middle.resolve("srv/kept"), "kept\n");
    Command.of("mknod", delta.resolve("srv/gone").toString(), "c", "0", "0").run().ok();
    define("web", "lxc.rootfs.path = overlay:%s:%s:%s".formatted(middle, lower, delta));

    assertThat(asDebians(List.of("ls /srv; cat /srv/both /srv/kept")))
        .containsExactly("both", "kept", "delta", "kept");
    assertThat(said(true, List.of("echo new >/srv/both; cat /srv/both"))).containsExactly("new");
    assertThat(said(true, List.of("cat /srv/both"))).containsExactly("new");
    assertThat(delta.resolve("srv/both")).hasContent("delta\n");
  }
}
