package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hooks of LXC that run in a container's namespaces, as Debian's lxc runs them. */
class LxcHooksIT extends LxcEndToEnd {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private Path said;

  /** Says how it was called, mounts what {@code mount} is to mount, and makes a device. */
  private Path script() throws IOException {
    said = place.resolve("said-" + System.nanoTime()); // a hook of the test before may still run
    Path script = place.resolve("script");
    Files.writeString(
        script,
        """
        #!/bin/sh
        echo "$1 $2 $3 $LXC_NAME $LXC_CONFIG_FILE" >>%s
        case $3 in
        mount)
          mount -t tmpfs hook $LXC_ROOTFS_MOUNT/srv && echo seen >$LXC_ROOTFS_MOUNT/srv/file
          ;;
        autodev) mknod -m 666 $LXC_ROOTFS_MOUNT/dev/own c 1 3 ;;
        stop) [ -n "$LXC_NET_NS" ] && nsenter --net=$LXC_NET_NS ip link show lo >/dev/null && echo net >>%s ;;
        esac
        [ ! -e %s ]
        """
            .formatted(said, said, place.resolve("failing")));
    assertThat(script.toFile().setExecutable(true)).isTrue();
    return script;
  }

  private void defineHooked() throws IOException {
    Path script = script();
    define(
        "web",
        "lxc.hook.mount = " + script,
        "lxc.hook.autodev = " + script,
        "lxc.hook.stop = " + script);
  }

  private List<String> seen(boolean ours) {
    String[] words = {
      "lxc-attach",
      "-n",
      "web",
      "--",
      "/bin/sh",
      "-c",
      "cat /srv/file; test -c /dev/own && echo device; echo x >/dev/own && echo written"
    };
    return (ours ? lxc(words) : oracle(words)).ok().lines();
  }

  @Test
  void theMachineGoesDownAfterTheLastHook() throws IOException {
    Path script = place.resolve("slow");
    Path end = place.resolve("end");
    Files.writeString(script, "#!/bin/sh\nsleep 2\necho \"$3\" >>" + end + "\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();
    define("web", "lxc.hook.post-stop = " + script);
    lxc("lxc-start", "-n", "web").ok();

    kapsel("system", "shutdown", "-t", "1").ok();

    assertThat(end).hasContent("post-stop");
  }

  private String told() {
    Await.until(
        PATIENCE,
        () -> "the last hook ran",
        () -> HostFiles.read(said.toString()).endsWith("net\n"));
    return HostFiles.read(said.toString());
  }

  @Test
  void runWithTheHostsRightsInTheMountsOfTheContainer() throws IOException {
    defineHooked();
    oracle("lxc-start", "-n", "web").ok();
    List<String> expected = seen(false);
    oracle("lxc-stop", "-k", "-n", "web").ok();
    String expectedWords = told();
    Files.delete(said);

    lxc("lxc-start", "-n", "web").ok();
    assertThat(seen(true)).isEqualTo(expected).contains("seen", "device");
    lxc("lxc-stop", "-k", "-n", "web").ok();

    assertThat(told()).isEqualTo(expectedWords);
    assertThat(HostFiles.read("/proc/self/mounts")).doesNotContain("hook ");
  }

  @Test
  void oneThatFailsEndsTheStart() throws IOException {
    defineHooked();
    Files.createFile(place.resolve("failing"));

    Result refused = lxc("lxc-start", "-n", "web");

    assertThat(refused.exitCode()).isOne();
    assertThat(refused.err()).contains("cannot start 'web'", "script", "has ended with 1");
    assertThat(lxc("lxc-info", "-n", "web", "-sH").line()).isEqualTo("STOPPED");
    Files.delete(place.resolve("failing"));
    lxc("lxc-start", "-n", "web").ok();
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  @Test
  void aHookInTheContainerRunsBeforeItsProgram() throws IOException {
    define("web", "lxc.hook.start = /bin/mkdir -p /tmp/first");
    lxc("lxc-start", "-n", "web").ok();
    assertThat(lxc("lxc-attach", "-n", "web", "--", "/bin/ls", "/tmp").line()).contains("first");
    lxc("lxc-stop", "-k", "-n", "web").ok();

    define("web", "lxc.hook.start = /bin/false");
    assertThat(lxc("lxc-start", "-n", "web").exitCode()).isOne();
    assertThat(lxc("lxc-info", "-n", "web", "-sH").line()).isEqualTo("STOPPED");
  }

  @Test
  void theOneOfLxcfsIsNotNeeded() throws IOException {
    define(
        "web", "lxc.hook.mount = /usr/share/lxcfs/lxc.mount.hook", "lxc.cgroup2.memory.max = 64M");
    lxc("lxc-start", "-n", "web").ok();

    assertThat(
            lxc("lxc-attach", "-n", "web", "--", "/bin/sh", "-c", "head -1 /proc/meminfo").line())
        .contains("65536 kB");
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  @Test
  void clocksAreAhead() throws IOException {
    define("web", "lxc.time.offset.boot = 7h", "lxc.time.offset.monotonic = 90s");
    String[] look = {"lxc-attach", "-n", "web", "--", "/bin/cat", "/proc/self/timens_offsets"};
    oracle("lxc-start", "-n", "web").ok();
    List<String> expected = oracle(look).ok().lines();
    oracle("lxc-stop", "-k", "-n", "web").ok();

    lxc("lxc-start", "-n", "web").ok();
    assertThat(lxc(look).ok().lines()).isEqualTo(expected).hasSize(2);
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  /** What hooks have in their environment, but for what differs with each start. */
  private List<String> environment(boolean ours, int version) throws IOException {
    said = place.resolve(ours ? "ours" : "theirs");
    Path script = place.resolve("script");
    Files.writeString(
        script,
        """
        #!/bin/sh
        { echo "hook $*"; env | grep -E '^(LXC_|COLOUR)' | sort; echo end; } >>%s
        """
            .formatted(said));
    assertThat(script.toFile().setExecutable(true)).isTrue();
    define(
        "web",
        "lxc.hook.version = " + version,
        "lxc.environment = COLOUR=blue",
        "lxc.hook.pre-start = " + script,
        "lxc.hook.mount = " + script,
        "lxc.hook.autodev = " + script,
        "lxc.hook.start-host = " + script,
        "lxc.hook.stop = " + script,
        "lxc.hook.post-stop = " + script);
    String[] start = {"lxc-start", "-n", "web"};
    String[] stop = {"lxc-stop", "-k", "-n", "web"};
    (ours ? lxc(start) : oracle(start)).ok();
    (ours ? lxc(stop) : oracle(stop)).ok();
    Await.until(
        PATIENCE,
        () -> "the last hook ran",
        () -> HostFiles.read(said.toString()).split("\nend\n", -1).length == 7);
    return Files.readAllLines(said).stream()
        .map(line -> line.replaceAll("/proc/\\d+/fd/\\d+", "FD"))
        .map(line -> line.replaceAll("^(LXC_PID|LXC_ROOTFS_MOUNT)=.*", "$1"))
        .toList();
  }

  /** Ours are told more, such as LXC_USER_NS, and nothing else. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void areToldWhatDebiansAreTold(int version) throws IOException {
    List<String> expected = environment(false, version);
    List<String> found = environment(true, version);

    int at = 0;
    for (String line : expected) {
      boolean begins = line.startsWith("hook ");
      int from = at;
      while (at < found.size() && !found.get(at).equals(line) && !isMore(line, found.get(at))) {
        at++;
      }
      assertThat(at).as(line + " after " + from + " in\n" + found).isLessThan(found.size());
      at = begins ? at + 1 : from;
    }
  }

  /** Namespaces of the container that LXC's privileged ones do not have. */
  private static boolean isMore(String theirs, String ours) {
    return theirs.startsWith("hook ")
        && theirs.contains(":")
        && ours.replaceAll(" (user|time):FD", "").equals(theirs);
  }
}
