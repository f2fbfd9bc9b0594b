package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Programs of LXC that run something, watch, or write configurations. */
class LxcProgramsIT extends LxcEndToEnd {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void runsOneProgramWithAnInitAboveIt() throws IOException {
    define("web", "lxc.environment = COLOUR=blue");

    Result first =
        lxc(
            "lxc-execute",
            "-n",
            "web",
            "--",
            "/bin/sh",
            "-c",
            "echo $$ $COLOUR $container $(hostname); echo kept >/srv/data; exit 7");
    Result second =
        lxc(
            "lxc-execute",
            "-n",
            "web",
            "-u",
            "5",
            "-g",
            "6",
            "--",
            "/bin/sh",
            "-c",
            "id; cat /srv/data");

    assertThat(first.line()).isEqualTo("2 blue lxc web");
    assertThat(first.exitCode()).isEqualTo(7);
    assertThat(second.lines()).containsExactly("uid=5 gid=6 groups=6", "kept");
    assertThat(lxc("lxc-execute", "-n", "web").err()).contains("there is no program to run");
    lxc("lxc-start", "-n", "web").ok();
    assertThat(lxc("lxc-attach", "-n", "web", "--", "/bin/cat", "/srv/data").line())
        .isEqualTo("kept");
    assertThat(lxc("lxc-execute", "-n", "web", "--", "/bin/true").err())
        .contains("appears to be already running");
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  @Test
  void runsAProgramWithTheConfigurationOfAFileAndLeavesNothing() throws IOException {
    define("web", "lxc.execute.cmd = /bin/cat /etc/hostname");
    Path file = place.resolve("web/config");

    Result found = lxc("lxc-execute", "-n", "once", "-f", file.toString());

    assertThat(found.line()).isEqualTo("web");
    assertThat(lxc("lxc-ls", "-1").lines()).containsExactly("web");
    assertThat(kapsel("ps", "-aq").line()).isEmpty();
  }

  @Test
  void readsAndWritesControlGroups() throws IOException {
    define("web", "lxc.cgroup2.pids.max = 99", "lxc.cgroup.memory.swappiness = 7");
    lxc("lxc-start", "-n", "web").ok();

    assertThat(lxc("lxc-cgroup", "-n", "web", "pids.max").out()).isEqualTo("99\n\n");
    lxc("lxc-cgroup", "-n", "web", "pids.max", "77").ok();
    assertThat(lxc("lxc-cgroup", "-n", "web", "pids.max").out()).isEqualTo("77\n\n");
    assertThat(lxc("lxc-cgroup", "-n", "web", "memory.swappiness").line()).isEqualTo("7");
    for (String wrong : List.of("nonsense", "../pids.max", "pids.nonsense")) {
      assertThat(lxc("lxc-cgroup", "-n", "web", wrong).err())
          .contains("Failed to retrieve value of '" + wrong + "'");
    }
    Result refused = lxc("lxc-cgroup", "-n", "web", "pids.max", "many");
    assertThat(refused.exitCode()).isOne();
    assertThat(refused.err()).contains("Failed to assign 'many' value to 'pids.max' for 'web'");
    lxc("lxc-stop", "-k", "-n", "web").ok();

    define("web", "lxc.cgroup.memory.nonsense = 7");
    Result failed = lxc("lxc-start", "-n", "web");
    assertThat(failed.err()).contains("line 7: lxc.cgroup.memory.nonsense");
    assertThat(lxc("lxc-info", "-n", "web", "-sH").line()).isEqualTo("STOPPED");
  }

  @Test
  void tellsEachChangeOfAState() throws IOException {
    define("web");
    define("probe");
    define("other");
    Path out = place.resolve("told");
    String program = Product.DIST.resolve("lxc/lxc-monitor").toString();
    Process monitor =
        product
            .environment(
                Command.of(
                    "/bin/sh",
                    "-c",
                    "exec \"$0\" -P \"$1\" -n 'web|probe' >\"$2\"",
                    program,
                    place.toString(),
                    out.toString()))
            .start();
    try {
      lxc("lxc-start", "-n", "probe").ok();
      Await.until(PATIENCE, () -> "it listens", () -> probed(out));
      lxc("lxc-start", "-n", "other").ok();
      lxc("lxc-start", "-n", "web").ok();
      lxc("lxc-freeze", "-n", "web").ok();
      lxc("lxc-unfreeze", "-n", "web").ok();
      lxc("lxc-stop", "-k", "-n", "web").ok();
      Await.until(
          PATIENCE,
          () -> "the end is told",
          () -> HostFiles.read(out.toString()).contains("STOPPED"));
    } finally {
      monitor.destroy();
    }

    List<String> told = Files.readAllLines(out);
    assertThat(told).noneMatch(line -> line.contains("other"));
    assertThat(told.stream().filter(line -> line.startsWith("'web'")))
        .containsExactly(
            "'web' changed state to [STARTING]",
            "'web' changed state to [RUNNING]",
            "'web' changed state to [FREEZING]",
            "'web' changed state to [FROZEN]",
            "'web' changed state to [THAWED]",
            "'web' changed state to [RUNNING]",
            "'web' exited with status [137]",
            "'web' changed state to [STOPPING]",
            "'web' changed state to [STOPPED]");
    assertThat(lxc("lxc-monitor", "-n", "[").err()).contains("failed to compile the regex '['");
  }

  /** Until it listens, nothing is told. */
  private boolean probed(Path out) {
    lxc("lxc-freeze", "-n", "probe").ok();
    lxc("lxc-unfreeze", "-n", "probe").ok();
    return HostFiles.read(out.toString()).contains("'probe' changed state to [FROZEN]");
  }

  @Test
  void showsWhatContainersUse() throws IOException {
    define("web");
    lxc("lxc-start", "-n", "web").ok();

    Result batch =
        product
            .environment(
                Command.of(
                    "timeout",
                    "5",
                    Product.DIST.resolve("lxc/lxc-top").toString(),
                    "-P",
                    place.toString(),
                    "-b",
                    "-d",
                    "1"))
            .run();

    assertThat(batch.lines().getFirst())
        .isEqualTo(
            "time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,"
                + "mem_used_bytes,memsw_used_bytes,kernel_mem_used_bytes");
    assertThat(batch.lines().get(1)).matches("\\d{13},web,[1-9]\\d*(,\\d+){7}");
    assertThat(lxc("lxc-top").err()).contains("stdin is not a tty");
    assertThat(lxc("lxc-top", "-b", "-s", "z").exitCode()).isOne();
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  @Test
  void givesKeysTheirNewNamesAsDebiansDoes() throws IOException {
    List<String> old =
        List.of(
            "# made by hand",
            "lxc.rootfs = /srv/x",
            "lxc.rootfs.backend = dir",
            "lxc.utsname = foo",
            "lxc.id_map = u 0 1 2",
            "lxc.network.type = veth",
            "lxc.network.link = lxcbr0",
            "lxc.network.ipv4 = 10.0.3.4/24",
            "lxc.network.type = empty",
            "lxc.tty=4",
            "lxc.cap.drop = sys_time",
            "lxc.kmsg = 0",
            "lxc.devttydir = lxc");
    Path ours = Files.write(place.resolve("ours"), old);
    Path theirs = Files.write(place.resolve("theirs"), old);

    lxc("lxc-update-config", "-c", ours.toString()).ok();
    new Command(List.of("/bin/sh", "-c", "cd " + place + " && lxc-update-config -c theirs"))
        .run()
        .ok();

    assertThat(ours).hasSameTextualContentAs(theirs);
    assertThat(place.resolve("ours.backup")).hasContent(String.join("\n", old));
  }

  @Test
  void callsTheHooksOfEachStart() throws IOException {
    Path log = place.resolve("hooks.log");
    Path hook = place.resolve("hook");
    Files.writeString(hook, "#!/bin/sh\necho \"$LXC_HOOK_TYPE $LXC_TARGET\" >>" + log + "\n");
    Command.of("chmod", "755", hook.toString()).run().ok();
    define(
        "web",
        "lxc.hook.pre-start = " + hook,
        "lxc.hook.start-host = " + hook,
        "lxc.hook.post-stop = " + hook);

    lxc("lxc-start", "-n", "web").ok();
    lxc("lxc-stop", "-r", "-t", "1", "-n", "web").ok();
    lxc("lxc-attach", "-n", "web", "--", "/bin/busybox", "reboot", "-f");
    Await.until(
        PATIENCE,
        () -> "it has booted three times:\n" + HostFiles.read(log.toString()),
        () -> HostFiles.read(log.toString()).split("start-host", -1).length == 4);
    lxc("lxc-stop", "-k", "-n", "web").ok();
    Await.until(
        PATIENCE,
        () -> "post-stop is called",
        () -> HostFiles.read(log.toString()).split("post-stop", -1).length == 4);

    assertThat(Files.readAllLines(log).stream().map(String::strip))
        .containsExactly(
            "pre-start",
            "start-host",
            "post-stop stop",
            "pre-start",
            "start-host",
            "post-stop reboot",
            "pre-start",
            "start-host",
            "post-stop stop");
    define("web", "lxc.hook.start-host = /bin/false");
    assertThat(lxc("lxc-start", "-n", "web").err()).contains("'/bin/false' has ended with 1");
    assertThat(lxc("lxc-info", "-n", "web", "-sH").line()).isEqualTo("STOPPED");
  }

  @Test
  void tellsWhatTheKernelOffers() {
    Result expected = new Command(List.of("/usr/bin/lxc-checkconfig")).run().ok();
    Result found = lxc("lxc-checkconfig").ok();

    assertThat(expected.lines().stream().filter(it -> it.matches("[A-Z].*: (enabled|missing)")))
        .filteredOn(it -> !it.contains("lxcfs") && !it.contains("clone_children"))
        .isNotEmpty()
        .isSubsetOf(found.lines());
    assertThat(found.lines()).startsWith(expected.lines().get(0));
  }

  @Test
  void refusesAtOnceToMapUsersAlone() {
    for (String only : List.of("u:0:100000:10", "g:0:100000:10")) {
      List<String> words = List.of("lxc-usernsexec", "-m", only, "--", "/bin/true");
      Result expected = oracle(words.toArray(String[]::new));
      Result found = lxc(words.toArray(String[]::new));

      assertThat(found.exitCode()).isEqualTo(expected.exitCode()).isOne();
      assertThat(found.err()).contains("Failed to write id mapping", "users and groups");
    }
  }

  @Test
  void endsWithTheSignalsOfTheConfiguration() throws IOException {
    Path script = place.resolve("init");
    Files.writeString(
        script,
        """
        #!/bin/sh
        trap 'exit 21' USR1
        trap 'exit 22' USR2
        while :; do sleep 1; done
        """);
    define(
        "web",
        "lxc.mount.entry = " + script + " sbin/own none bind,create=file 0 0",
        "lxc.init.cmd = /bin/sh /sbin/own",
        "lxc.signal.halt = SIGUSR1",
        "lxc.signal.stop = SIGUSR2");

    lxc("lxc-start", "-n", "web").ok();
    lxc("lxc-stop", "-n", "web").ok();
    assertThat(kapsel("inspect", "-f", "{{.State.ExitCode}}", "web").line()).isEqualTo("21");
    lxc("lxc-start", "-n", "web").ok();
    kapsel("stop", "web").ok();
    assertThat(kapsel("inspect", "-f", "{{.State.ExitCode}}", "web").line()).isEqualTo("21");
    lxc("lxc-start", "-n", "web").ok();
    lxc("lxc-stop", "-k", "-n", "web").ok();
    assertThat(kapsel("inspect", "-f", "{{.State.ExitCode}}", "web").line()).isEqualTo("22");
  }

  @Test
  void startsAnotherInitInAnothersNamespaces() throws IOException {
    define("web");
    define("other");
    lxc("lxc-start", "-n", "web").ok();

    lxc("lxc-start", "-n", "other", "--share-net=web", "--", "/bin/sleep", "1000").ok();

    String[] net = {"lxc-attach", "-n", "web", "--", "/bin/readlink", "/proc/self/ns/net"};
    String found = lxc(net).line();
    net[2] = "other";
    assertThat(lxc(net).line()).isEqualTo(found);
    assertThat(lxc("lxc-attach", "-n", "other", "--", "/bin/cat", "/proc/1/comm").line())
        .isEqualTo("sleep");
    lxc("lxc-stop", "-k", "-n", "other").ok();
    assertThat(lxc("lxc-start", "-n", "other", "--share-net=1").err())
        .contains("a namespace is shared with a container that is named");
    assertThat(lxc("lxc-start", "-n", "other", "--", "/bin/sh", "-c", "sleep 1").err())
        .contains("'sleep 1' cannot be a word of lxc.init.cmd");
    lxc("lxc-stop", "-k", "-n", "web").ok();
  }

  @Test
  void copiesGetAddressesOfTheirOwnUnlessAskedNotTo() throws IOException {
    String address = "lxc.net.0.hwaddr = 00:16:3e:01:02:03";
    define("web", address);
    lxc("lxc-copy", "-n", "web", "-N", "copy").ok();
    lxc("lxc-copy", "-n", "web", "-N", "same", "-M").ok();

    assertThat(HostFiles.read(place.resolve("copy/config").toString()))
        .doesNotContain(address)
        .contains("lxc.net.0.hwaddr = 00:16:3e:");
    assertThat(HostFiles.read(place.resolve("same/config").toString())).contains(address);
  }

  @Test
  void anEphemeralCopyMayHaveMountsAndMayStay() throws IOException {
    define("web");
    Path data = Files.createDirectory(place.resolve("data"));
    Files.writeString(data.resolve("file"), "of the host\n");

    lxc("lxc-copy", "-n", "web", "-N", "kept", "-e", "-D", "-m", "bind=" + data + ":/srv:ro").ok();
    lxc("lxc-copy", "-n", "web", "-N", "gone", "-e").ok();

    Result seen = kapsel("exec", "kept", "/bin/sh", "-c", "cat /srv/file; echo x >/srv/file");
    assertThat(seen.out()).isEqualTo("of the host\n");
    assertThat(seen.exitCode()).isNotZero();
    kapsel("stop", "-t", "0", "kept", "gone").ok();
    assertThat(kapsel("ps", "-a", "--format", "{{.Names}}").lines())
        .contains("kept")
        .doesNotContain("gone");
    lxc("lxc-start", "-n", "kept").ok();
    assertThat(lxc("lxc-attach", "-n", "kept", "--", "cat", "/srv/file").line())
        .isEqualTo("of the host");
    lxc("lxc-stop", "-k", "-n", "kept").ok();
  }
}
