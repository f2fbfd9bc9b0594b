package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code lxc-attach} and {@code lxc-copy} with their options, as Debian's lxc has them. */
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
  @ValueSource(strings = {"-eCGROUP", "--elevated-privileges=LSM", "-c x", "-a i686", "-v A"})
  void refusesWhatAContainerDoesNotGiveAway(String option) throws IOException {
    define("web");
    lxc("lxc-start", "-n", "web").ok();

    Result refused = attach(Product.DIST.resolve("lxc/lxc-attach").toString(), option + " -- true");

    assertThat(refused.exitCode()).isOne();
    assertThat(refused.err()).startsWith("lxc-attach: web: ");
    lxc("lxc-stop", "-k", "-n", "web").ok();
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
    List<String> all = new java.util.ArrayList<>();
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
            List.of("-m", "foo=/x"), List.of("-B", "lvm"), List.of("-t"), List.of("-L", "1G"))) {
      List<String> all = new java.util.ArrayList<>(List.of("lxc-copy", "-n", "web", "-e"));
      all.addAll(wrong);
      assertThat(lxc(all.toArray(String[]::new)).exitCode()).as(wrong.toString()).isOne();
    }
    assertThat(lxc("lxc-ls", "-1").lines()).containsExactly("web");
  }
}
