package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** LXC's programs, as Debian's lxc 5.0.2 and its users have them. */
class LxcIT extends LxcEndToEnd {
  private static final Set<String> WITHOUT_HELP =
      Set.of("lxc-checkconfig", "lxc-config", "lxc-update-config", "lxc-usernsexec");

  /** What does not need a running container must be the same to the byte. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "lxc-ls",
        "lxc-ls -1",
        "lxc-ls -f -F NAME,STATE,AUTOSTART,GROUPS,IPV4,IPV6",
        "lxc-ls -f -F NAME,STATE,PID",
        "lxc-ls --running",
        "lxc-ls --stopped -1",
        "lxc-ls -1 --filter=^one",
        "lxc-ls -1 -g red",
        "lxc-info -n one",
        "lxc-info one",
        "lxc-info -n one -s",
        "lxc-info -n one -sH",
        "lxc-info -n one -c lxc.uts.name",
        "lxc-info -n nobody",
        "lxc-info -n one -c lxc.nonsense",
        "lxc-info -n one -c lxc.net",
        "lxc-info -n six -H -c lxc.group -c lxc.start.auto",
        "lxc-info -n one -c lxc.signal.halt -c lxc.rootfs.path",
        "lxc-info -n one -c lxc.net.0 -c lxc.tty.max",
        "lxc-unfreeze -n one",
        "lxc-unfreeze -n nobody",
        "lxc-stop -n one",
        "lxc-stop -n nobody",
        "lxc-freeze -n nobody",
        "lxc-wait -n one -s STOPPED",
        "lxc-wait -n one -s RUNNING|FROZEN -t 0",
        "lxc-snapshot -n one -L",
        "lxc-start -n nobody",
        "lxc-start",
        "lxc-destroy -n nobody",
        "lxc-attach -n one -- /bin/true",
        "lxc-create -n three",
        "lxc-config -l",
        "lxc-config lxc.lxcpath",
        "lxc-config lxc.nonsense",
        "lxc-autostart -L -a",
        "lxc-autostart -L -g red",
        "lxc-autostart -L",
        "lxc-autostart -L -A",
        "lxc-autostart -L -g blue,red",
        "lxc-autostart -L -g red,",
        "lxc-autostart -L -g blue -g red",
        "lxc-autostart -L -A -g blue",
        "lxc-autostart -L -s -a",
        "lxc-autostart -L -k -g blue",
        "lxc-autostart -L -r -a",
        "lxc-autostart -L -t x",
        "lxc-ls -f -F NAME,GROUPS",
        "lxc-ls -f -F NAME,RAM,SWAP,INTERFACE",
        "lxc-ls -f -F NAME,NONSENSE",
        "lxc-ls -F NAME,STATE",
        "lxc-ls -f --running",
        "lxc-ls -1 --running --stopped",
        "lxc-ls -1 --active --stopped",
        "lxc-ls -1 --defined",
        "lxc-ls -1 -g red,blue",
        "lxc-ls -1 -g blue",
        "lxc-ls -1 one two2",
        "lxc-ls -1 --filter t.o",
        "lxc-ls -Z",
        "lxc-copy -n one",
        "lxc-copy -n nobody -N four",
        "lxc-copy -n one -N one",
        "lxc-copy -n one -N four -B nonsense",
        "lxc-attach -n one -e",
        "lxc-attach -n one -s NETWORK -- /bin/true",
        "lxc-attach -n one -s NONSENSE -- /bin/true",
        "lxc-attach -n one -eNONSENSE -- /bin/true",
        "lxc-attach -n one -u nobody -- /bin/true",
        "lxc-ls --version",
        "lxc-execute -n nobody -- /bin/true",
        "lxc-execute",
        "lxc-cgroup",
        "lxc-cgroup -n one",
        "lxc-cgroup -n one memory.max",
        "lxc-cgroup -n nobody memory.max",
        "lxc-unshare",
        "lxc-unshare -s NONSENSE /bin/true",
        "lxc-unshare -s UTSNAME -H foo hostname",
        "lxc-unshare -s UTSNAME|PID -- sh -c echo",
        "lxc-unshare -s USER -u 5 -- id -u",
        "lxc-unshare -d -s UTSNAME /bin/true",
        "lxc-usernsexec -m b:0:0:10 -- id -u",
        "lxc-update-config -c /does/not/exist",
      })
  void saysWhatDebiansDoes(String line) throws IOException {
    define("one", "lxc.start.auto = 1", "lxc.start.delay = 3", "lxc.group = red");
    define("two2", "lxc.start.auto = 1", "lxc.start.order = 5");
    define("six", "lxc.start.auto = 1", "lxc.group = red blue", "lxc.group = on,boot");
    define("ten", "lxc.start.order = 7", "lxc.group = blue");

    Compared said = asDebians(line);

    if (!said.expected().err().isEmpty()) {
      assertThat(said.found().err()).as(said.toString()).isNotEmpty();
    } else if (said.expected().exitCode() == 0) {
      assertThat(said.found().err()).as(said.toString()).isEmpty();
    }
  }

  /** Each of them is obeyed or refused for a reason, and none is unknown. */
  @Test
  void knowsEachOptionOfEachProgram() throws IOException {
    define("one");
    for (String program : HostFiles.names(Product.DIST.resolve("lxc"))) {
      Result said = oracle(program, "--help");
      String help = said.out() + said.err();
      Set<String> theirs =
          Pattern.compile("(?m)^ +(?:-.,? )?(?:, )?--([a-z-]+[a-z])")
              .matcher(help)
              .results()
              .map(each -> each.group(1))
              .collect(Collectors.toSet());
      String ours = lxc(program, "--help").out();
      assertThat(theirs.isEmpty()).as(program + help).isEqualTo(WITHOUT_HELP.contains(program));
      assertThat(theirs).as(program).allSatisfy(each -> assertThat(ours).contains("--" + each));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lxc-ls -1", "lxc-ls -f -F NAME,STATE", "lxc-ls -1 --stopped"})
  void oneThatCannotBeReadHidesNoOther(String line) throws IOException {
    define("bad", "lxc.nonsense = 1");
    define("good");

    Result expected = oracle(line.split(" "));
    Result found = lxc(line.split(" "));

    assertThat(found.exitCode()).isEqualTo(expected.exitCode());
    assertThat(found.out()).isEqualTo(expected.out()).contains("good").doesNotContain("bad");
    assertThat(found.err()).contains("Failed to load config for bad", "line 7: lxc.nonsense");
  }

  @Test
  void runsAContainerThatLxcHasMade() throws IOException {
    define("web", "lxc.cgroup2.memory.max = 64M", "lxc.environment = COLOUR=blue");

    lxc("lxc-start", "-n", "web").ok();

    assertThat(lxc("lxc-ls", "-1", "--running").line()).isEqualTo("web");
    assertThat(lxc("lxc-wait", "-n", "web", "-s", "RUNNING", "-t", "20").exitCode()).isZero();
    assertThat(lxc("lxc-info", "-n", "web", "-s").line()).isEqualTo("State:          RUNNING");
    Result inside =
        lxc(
            "lxc-attach",
            "-n",
            "web",
            "-v",
            "A=b",
            "--",
            "/bin/sh",
            "-c",
            "echo $A $(hostname) $(grep -c COLOUR=blue /proc/1/environ); exit 7");
    assertThat(inside.line()).isEqualTo("b web 1");
    assertThat(inside.exitCode()).isEqualTo(7);
    assertThat(kapsel("inspect", "-f", "{{.HostConfig.Memory}}", "web").line())
        .isEqualTo(Integer.toString(64 << 20));
    assertThat(lxc("lxc-start", "-n", "web").exitCode()).isOne();
    lxc("lxc-freeze", "-n", "web").ok();
    assertThat(lxc("lxc-info", "-n", "web", "-sH").line()).isEqualTo("FROZEN");
    lxc("lxc-unfreeze", "-n", "web").ok();
    assertThat(lxc("lxc-destroy", "-n", "web").err()).contains("web is running");
    lxc("lxc-stop", "-n", "web").ok();
    assertThat(lxc("lxc-wait", "-n", "web", "-s", "STOPPED", "-t", "0").exitCode()).isZero();
    assertThat(lxc("lxc-stop", "-n", "web").exitCode()).isEqualTo(2);
  }

  @Test
  void obeysWhatTheConfigurationSaysAtEachStart() throws IOException {
    define("web");
    lxc("lxc-start", "-n", "web").ok();
    lxc("lxc-attach", "-n", "web", "--", "/bin/sh", "-c", "echo kept >/srv/data").ok();
    lxc("lxc-stop", "-k", "-n", "web").ok();
    define("web", "lxc.environment = COLOUR=red");

    lxc("lxc-start", "-n", "web").ok();

    assertThat(
            lxc(
                    "lxc-attach",
                    "-n",
                    "web",
                    "--",
                    "/bin/sh",
                    "-c",
                    "cat /srv/data; grep -c COLOUR=red /proc/1/environ")
                .line())
        .isEqualTo("kept\n1");
    assertThat(TestRoot.path().resolve("srv/data")).doesNotExist();
    lxc("lxc-stop", "-k", "-n", "web").ok();
    define("web", "lxc.selinux.context.keyring = x");
    Result refused = lxc("lxc-start", "-n", "web");
    assertThat(refused.exitCode()).isOne();
    assertThat(refused.err())
        .isEqualTo(
            "lxc-start: web: cannot read '%s': line 7: lxc.selinux.context.keyring: the keyring has the"
                    .formatted(place.resolve("web/config"))
                + " label of the container; take the line out to go without it\n");
  }

  @Test
  void keepsAndCopies() throws IOException {
    define("web");
    lxc("lxc-start", "-n", "web").ok();
    lxc("lxc-attach", "-n", "web", "--", "/bin/sh", "-c", "echo old >/srv/data").ok();
    assertThat(lxc("lxc-copy", "-n", "web", "-N", "copy").err()).contains("web is running");
    lxc("lxc-stop", "-k", "-n", "web").ok();

    lxc("lxc-snapshot", "-n", "web").ok();
    lxc("lxc-copy", "-n", "web", "-N", "copy").ok();

    assertThat(lxc("lxc-snapshot", "-n", "web", "-L").line()).startsWith("snap0 (" + place);
    assertThat(lxc("lxc-ls", "-1").lines()).containsExactly("copy", "web");
    lxc("lxc-start", "-n", "copy").ok();
    assertThat(
            lxc("lxc-attach", "-n", "copy", "--", "/bin/sh", "-c", "hostname; cat /srv/data")
                .line())
        .isEqualTo("copy\nold");
    assertThat(lxc("lxc-destroy", "-n", "web").err()).contains("web has snapshots");
    lxc("lxc-destroy", "-n", "web", "-s").ok();
    lxc("lxc-destroy", "-f", "-n", "copy").ok();
    assertThat(HostFiles.names(place)).isEmpty();
    assertThat(kapsel("ps", "-aq").line()).isEmpty();
  }

  @Test
  void callsTheHooks() throws IOException {
    Path log = place.resolve("hooks.log");
    Path hook = place.resolve("hook");
    Files.writeString(
        hook, "#!/bin/sh\necho \"$LXC_HOOK_TYPE $LXC_NAME $LXC_ROOTFS_PATH $*\" >>" + log + "\n");
    Command.of("chmod", "755", hook.toString()).run().ok();
    define(
        "web",
        "lxc.hook.pre-start = " + hook,
        "lxc.hook.post-stop = " + hook,
        "lxc.hook.destroy = " + hook);

    lxc("lxc-start", "-n", "web").ok();
    lxc("lxc-stop", "-k", "-n", "web").ok();
    Await.until(
        Duration.ofSeconds(20),
        () -> "post-stop is called",
        () -> HostFiles.read(log.toString()).contains("post-stop"));
    lxc("lxc-destroy", "-n", "web").ok();

    assertThat(log)
        .hasContent(
            "pre-start web %1$s web lxc pre-start\npost-stop web %1$s web lxc post-stop\ndestroy web %1$s web lxc destroy"
                .formatted(TestRoot.path()));
    define("web", "lxc.hook.pre-start = /bin/false");
    assertThat(lxc("lxc-start", "-n", "web").err()).contains("'/bin/false' has ended with 1");
    assertThat(lxc("lxc-info", "-n", "web", "-sH").line()).isEqualTo("STOPPED");
  }

  @Test
  void startsWhatCanBeStartedWithItsHooks() throws IOException {
    Path called = place.resolve("called");
    define("one", "lxc.start.auto = 1", "lxc.nonsense = 1");
    define("two", "lxc.start.auto = 1", "lxc.hook.pre-mount = /bin/true");
    define("web", "lxc.start.auto = 1", "lxc.hook.pre-start = /bin/touch " + called);

    Result started = lxc("lxc-autostart");

    assertThat(started.exitCode()).isEqualTo(2);
    assertThat(started.err())
        .contains("lxc-autostart: one: ", "no such key", "lxc-autostart: two: ", "runs in time");
    assertThat(lxc("lxc-info", "-n", "web", "-sH").line()).isEqualTo("RUNNING");
    assertThat(called).exists();
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  @Test
  void removesNothingThatItHasNotMade() throws IOException {
    Path own = Files.createDirectories(place.resolve("places/web"));
    Files.writeString(own.resolve("notes"), "kept");

    for (String name : List.of("..", "../places", "web")) {
      Result refused =
          product
              .environment(
                  Command.of(
                      Product.DIST.resolve("lxc/lxc-create").toString(),
                      "-P",
                      place.resolve("places").toString(),
                      "-n",
                      name,
                      "-t",
                      "/bin/false"))
              .run();
      assertThat(refused.exitCode()).isOne();
    }

    assertThat(own.resolve("notes")).hasContent("kept");
    assertThat(HostFiles.names(place)).containsExactly("places");
  }

  @Test
  void makesContainersByTemplates() throws IOException {
    Path template = place.resolve("template");
    Files.writeString(
        template,
        "#!/bin/sh\nfor a; do case $a in --rootfs=*) r=${a#*=};; --path=*) p=${a#*=};; esac; done\n"
            + "mkdir -p $r/bin $r/sbin $r/etc; cp /bin/busybox $r/bin/; ln -s busybox $r/bin/sh\n"
            + "ln -s ../bin/busybox $r/sbin/init; echo 'lxc.environment = MADE=1' >>$p/config\n");
    Command.of("chmod", "755", template.toString()).run().ok();
    Path common = place.resolve("common.conf");
    Files.writeString(common, "lxc.net.0.type = empty\n");

    lxc("lxc-create", "-n", "web", "-t", template.toString(), "-f", common.toString()).ok();
    lxc("lxc-start", "-n", "web").ok();

    assertThat(
            lxc("lxc-attach", "-n", "web", "--", "/bin/sh", "-c", "echo in $(cat /etc/hostname)")
                .line())
        .isEqualTo("in web");
    assertThat(lxc("lxc-create", "-n", "web", "-t", "none").err()).contains("already exists");
    assertThat(lxc("lxc-create", "-n", "bad", "-t", "/bin/false").exitCode()).isOne();
    assertThat(lxc("lxc-create", "-n", "bad", "-t", "debian", "--", "-a", "s390x").err())
        .contains("a container runs on the processor that there is");
    assertThat(lxc("lxc-create", "-n", "bad", "-t", "download", "--", "--variant", "cloud").err())
        .contains("there is no variant 'cloud', only 'default'");
    assertThat(place.resolve("bad")).doesNotExist();
    lxc("lxc-destroy", "-f", "-n", "web").ok();
    assertThat(place.resolve("web")).doesNotExist();
  }
}
