package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code lxc-attach} with its options, as Debian's lxc has them. */
class LxcAttachIT extends LxcEndToEnd {
  private static final List<String> ATTACHED =
      List.of(
          "-- sh -c 'exit 7'",
          "-- sh -c 'kill -9 $$'",
          "-- nonesuch",
          "-- /etc/passwd",
          "-u 5 -g 6 -- id -u",
          "-u x -- id",
          "--clear-env -v A=b --keep-var KEPT -- sh -c 'echo $A $KEPT $LOST $container'",
          "-v A=b -v A=c -- sh -c 'echo $A $KEPT $LOST'",
          "-e -- grep -c CapBnd /proc/self/status",
          "-eCAP -- grep -c CapBnd /proc/self/status",
          "--elevated-privileges=CAP -- grep -c CapBnd /proc/self/status",
          "-eNONSENSE -- true",
          "-s NETWORK -- ls -d /usr/share/dpkg",
          "-s UTSNAME -- hostname",
          "-s 'UTSNAME|NETWORK' -e -- sh -c 'hostname; ls /sys/class/net | grep -v ^k; exit 9'",
          "-s 'NETWORK|PID' -R -- sh -c 'ls /sys/class/net | grep -v ^k; cat /proc/1/comm'",
          "-s MOUNT -- ls /bin/probe",
          "-s NONSENSE -- true",
          "-a x86_64 -- uname -m",
          "-a i686 -- uname -m",
          "-a x86 -- uname -m",
          "--arch=arm64 -- uname -m",
          "-a nonsense -- true",
          "-s NETWORK -a i686 -- uname -m",
          "-s NETWORK -a amd64 -- uname -m",
          "-s NETWORK -a nonsense -- true",
          "-- grep -q :/\\.\\. /proc/self/cgroup",
          "-eCGROUP -- grep -q :/\\.\\. /proc/self/cgroup",
          "-e -- grep -q :/\\.\\. /proc/self/cgroup",
          "-e 'CAP|LSM' -- grep -q :/\\.\\. /proc/self/cgroup",
          "-eLSM -- id -u",
          "--elevated-privileges='CGROUP|LSM' -- id -u",
          "-R -- hostname",
          "-s NETWORK --clear-env -v A=b --keep-var KEPT -- sh -c 'echo $A $KEPT $LOST $container'",
          "-s NETWORK -v A='b c' -- sh -c 'echo $A'",
          "-s NETWORK -u 5 -g 6 -- id -u",
          "-- uname -m");

  private Result attach(String program, String words) {
    return product
        .environment(
            Command.of(
                "/bin/sh",
                "-c",
                "KEPT=kept LOST=lost exec %s -P %s -n web %s".formatted(program, place, words)))
        .run();
  }

  /** All with one container, as a start of Debian's takes its time. */
  @Test
  void attachesAsDebiansDoes() throws IOException {
    define("web", "lxc.arch = i686");
    oracle("lxc-start", "-n", "web").ok();
    List<Result> expected = ATTACHED.stream().map(it -> attach("/usr/bin/lxc-attach", it)).toList();
    oracle("lxc-stop", "-k", "-n", "web").ok();
    lxc("lxc-start", "-n", "web").ok();

    for (int i = 0; i < expected.size(); i++) {
      Result found = attach(Product.DIST.resolve("lxc/lxc-attach").toString(), ATTACHED.get(i));
      assertThat(found.exitCode())
          .as(ATTACHED.get(i) + "\n" + expected.get(i) + "\n" + found)
          .isEqualTo(expected.get(i).exitCode());
      assertThat(found.out()).as(ATTACHED.get(i)).isEqualTo(expected.get(i).out());
    }
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  @Test
  void keepsWhatATerminalShows() throws IOException {
    define("web");
    lxc("lxc-start", "-n", "web").ok();
    Path log = place.resolve("log");

    Result found =
        lxc(
            "lxc-attach",
            "-n",
            "web",
            "-L",
            log.toString(),
            "--",
            "sh",
            "-c",
            "echo 'a  b'; exit 7");

    assertThat(found.exitCode()).isEqualTo(7);
    assertThat(Files.readString(log).replace("\r", "")).isEqualTo("a  b\n");
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-c x", "-c ''", "-s NETWORK -c x", "-v A"})
  void refusesWhatCannotBe(String option) throws IOException {
    define("web");
    lxc("lxc-start", "-n", "web").ok();

    Result refused = attach(Product.DIST.resolve("lxc/lxc-attach").toString(), option + " -- true");

    assertThat(refused.exitCode()).isOne();
    assertThat(refused.err()).startsWith("lxc-attach: ");
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  /** What is beyond its groups ends with it all the same. */
  @Test
  void whatIsBeyondTheGroupsIsNotLimitedAndEndsWithTheContainer() throws IOException {
    define("web", "lxc.cgroup2.pids.max = 20");
    lxc("lxc-start", "-n", "web").ok();
    String many = "for i in $(seq 30); do sleep 1000 >/dev/null 2>&1 & done; echo made";

    Result within = lxc("lxc-attach", "-n", "web", "--", "sh", "-c", many);
    Result beyond = lxc("lxc-attach", "-n", "web", "-eCGROUP", "--", "sh", "-c", many);

    assertThat(within.out()).doesNotContain("made");
    assertThat(beyond.line()).isEqualTo("made");
    String count = "ps | grep -c '[s]leep 1000'";
    assertThat(lxc("lxc-attach", "-n", "web", "-eCGROUP", "--", "sh", "-c", count).line())
        .satisfies(line -> assertThat(Integer.parseInt(line)).isGreaterThanOrEqualTo(30));
    String pid = lxc("lxc-info", "-n", "web", "-pH").line();
    String namespace = HostFiles.link("/proc/" + pid + "/ns/pid");
    lxc("lxc-stop", "-k", "-n", "web").ok();
    assertThat(HostFiles.names(Path.of("/proc")))
        .filteredOn(each -> each.matches("\\d+"))
        .noneMatch(each -> HostFiles.link("/proc/" + each + "/ns/pid").equals(namespace));
  }
}
