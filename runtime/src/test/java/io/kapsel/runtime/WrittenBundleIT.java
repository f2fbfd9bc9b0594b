package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bundles that others wrote, on the real kernel; looked at from inside. Needs root. */
class WrittenBundleIT extends OnWrittenBundles {
  @Test
  void runsWhatACallerWritesFirst() throws Exception {
    String out =
        run(
            bundle()
                .running(
                    "id -u; hostname; echo $$; cat /proc/self/uid_map; ls -l /dev; mount; ls"
                        + " /sys/fs/cgroup; cat /proc/self/cgroup; grep Cap /proc/self/status;"
                        + " ulimit -n; cat /proc/kcore | wc -c; echo 1 > /proc/sys/kernel/panic"),
            1);
    assertThat(out)
        .startsWith("0\nbox\n1\n         0          0 4294967295\n")
        .contains("proc on /proc type proc (rw,relatime)")
        .contains("tmpfs on /dev type tmpfs (rw,nosuid,size=65536k,mode=755)")
        .contains("cgroup on /sys/fs/cgroup/memory type cgroup (ro,nosuid,nodev,noexec,relatime,")
        .contains("memory:/\n")
        .contains("CapEff:\t0000000020000420")
        .contains("\n1024\n")
        .contains("/proc/sys/kernel/panic: Read-only file system");
  }

  private static final String MAPPED =
      "\"uidMappings\":[{\"containerID\":0,\"hostID\":536870912,\"size\":65536}],"
          + "\"gidMappings\":[{\"containerID\":0,\"hostID\":536870912,\"size\":65536}]";

  private WrittenBundles mapped() throws Exception {
    giveTo(directory, 0x20000000);
    return bundle()
        .linux(MAPPED)
        .replacing("{\"type\":\"pid\"}", "{\"type\":\"pid\"},{\"type\":\"user\"}");
  }

  /** Its own user namespace must be able to read and change the root. */
  private static void giveTo(Path directory, int id) throws Exception {
    Files.setPosixFilePermissions(
        directory, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
    try (java.util.stream.Stream<Path> all = Files.walk(directory.resolve("rootfs"))) {
      for (Path each : all.toList()) {
        for (String attribute : List.of("unix:uid", "unix:gid")) {
          Files.setAttribute(each, attribute, id, java.nio.file.LinkOption.NOFOLLOW_LINKS);
        }
      }
    }
  }

  @Test
  void livesInItsOwnUserNamespace() throws Exception {
    assertThat(
            run(
                mapped()
                    .running(
                        "id -u; cat /proc/self/uid_map; echo x > /dev/null; stat -c %t:%T"
                            + " /dev/null; ls -ld /dev/zero; cat /proc/keys | wc -c; touch /tmp/x"),
                0))
        .startsWith("0\n         0  536870912      65536\n1:3\n")
        .contains("1,   5");
  }

  @Test
  void joinsTheUserNamespaceOfAnother() throws Exception {
    giveTo(directory, 0x20000000);
    Bundle first = mapped().running("sleep 20");
    try (ContainerProcess process = runtime.launch(first, List.of())) {
      String of = "/proc/" + process.pid() + "/ns/";
      WrittenBundles second =
          new WrittenBundles(directory, id + "-b", runtime.facts().cgroups())
              .replacing(
                  "{\"type\":\"pid\"}",
                  "{\"type\":\"pid\"},{\"type\":\"user\",\"path\":\"" + of + "user\"}")
              .replacing(
                  "{\"type\":\"network\"}", "{\"type\":\"network\",\"path\":\"" + of + "net\"}");
      Path log = directory.resolve("second");
      Files.createDirectory(log);
      Bundle bundle =
          second.running("echo $$; id -u; cat /proc/self/uid_map; readlink /proc/self/ns/net; ps");
      Bundle moved =
          new Bundle(
              bundle.id(),
              bundle.spec(),
              bundle.root(),
              bundle.seccomp(),
              false,
              false,
              bundle.stdio(),
              log,
              log,
              0,
              bundle.asWritten(),
              false);
      try (ContainerProcess other = runtime.launch(moved, List.of())) {
        assertThat(other.await().code()).isZero();
      } finally {
        runtime.remove(moved);
      }
      String out = log(log);
      assertThat(out)
          .contains("1\n0\n         0  536870912      65536\n")
          .contains(Files.readSymbolicLink(Path.of(of + "net")).toString())
          .doesNotContain("sleep");
    } finally {
      runtime.remove(first);
    }
  }

  @Test
  void seesTheHostsProcessesWithoutItsOwnPidNamespace() throws Exception {
    assertThat(
            run(
                bundle()
                    .without("pid")
                    .without("ipc")
                    .without("network")
                    .without("cgroup")
                    .running(
                        "test $$ -gt 1 && readlink /proc/self/ns/ipc; cat /proc/self/cgroup; ls"
                            + " /sys/fs/cgroup/memory | head -3"),
                0))
        .startsWith(Files.readSymbolicLink(Path.of("/proc/self/ns/ipc")).toString())
        .contains("memory:/" + id)
        .contains("cgroup.");
  }

  @Test
  void mountsWhatIsAskedForInItsOrder() throws Exception {
    Path source = Files.createDirectories(directory.resolve("source/below"));
    Files.writeString(source.resolve("file"), "inside");
    String out =
        run(
            bundle()
                .mount(
                    "{\"destination\":\"data/../x\",\"type\":\"tmpfs\",\"source\":\"t\"}"
                        .replace("data/../x", "made/dir"))
                .mount(
                    "{\"destination\":\"/made/dir/sub\",\"type\":\"bind\",\"source\":\"source\","
                        + "\"options\":[\"rbind\",\"ro\",\"noexec\",\"nosymfollow\",\"noatime\"]},"
                        + "{\"destination\":\"/made/file\",\"source\":\"source/below/file\","
                        + "\"options\":[\"bind\",\"rprivate\"]},"
                        + "{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"source\":\"t2\","
                        + "\"options\":[\"ro\",\"size=1m\"]},"
                        + "{\"destination\":\"/tmp/in\",\"source\":\"source\",\"options\":[\"rbind\"]}")
                .running(
                    "cat /made/file /made/dir/sub/below/file /tmp/in/below/file; mount | grep -E"
                        + " 'made|tmp'; touch /made/dir/sub/x; touch /tmp/x; ls -ld /tmp"),
            0);
    assertThat(out)
        .startsWith("insideinsideinside")
        .containsPattern("t on /made/dir type tmpfs \\(rw,relatime")
        .containsPattern("/made/dir/sub type ext4 \\(ro,noexec,noatime,nosymfollow")
        .containsPattern("t2 on /tmp type tmpfs \\(ro,relatime,size=1024k")
        .contains("touch: /made/dir/sub/x: Read-only file system")
        .contains("touch: /tmp/x: Read-only file system")
        .contains("drwxr-xr-x");
  }

  @Test
  void showsOtherOwnersThroughAnIdmappedMount() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    Files.setAttribute(Files.createFile(source.resolve("f")), "unix:uid", 1000);
    assertThat(
            run(
                bundle()
                    .mount(
                        "{\"destination\":\"/own\",\"source\":\"source\",\"options\":[\"bind\"],"
                            + "\"uidMappings\":[{\"containerID\":1000,\"hostID\":77,\"size\":5}],"
                            + "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":5}]}")
                    .running("stat -c %u /own/f"),
                0))
        .isEqualTo("77\n");
  }

  @Test
  void isWhoTheConfigurationSays() throws Exception {
    Files.writeString(directory.resolve("rootfs/etc/passwd"), "me:x:1000:5::/home/me:/bin/sh\n");
    String out =
        run(
            bundle()
                .replacing(
                    "{\"uid\":0,\"gid\":0}",
                    "{\"uid\":1000,\"gid\":5,\"additionalGids\":[7,8],\"umask\":63}")
                .replacing(",\"HOME=/root\"", ",\"A=1\",\"A=2\"")
                .process(
                    "\"oomScoreAdj\":100,\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\"},"
                        + "\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":5}")
                .linux("\"personality\":{\"domain\":\"LINUX32\"}")
                .replacing("\"cwd\":\"/\"", "\"cwd\":\"/made/here\"")
                .running(
                    "id; umask; cat /proc/self/oom_score_adj; echo $HOME $A $PWD; uname -m; cut -d'"
                        + " ' -f19,41 /proc/self/stat"),
            0);
    assertThat(out)
        .contains("uid=1000(me) gid=5 groups=7,8")
        .contains("0077\n100\n/home/me 2 /made/here\n")
        .contains("i686")
        .contains("5 3");
  }

  @Test
  void warnsOfCapabilitiesThatNobodyKnows() throws Exception {
    Bundle bundle =
        bundle()
            .replacing("{\"bounding\":[\"CAP_AUDIT_WRITE\"", "{\"bounding\":[\"CAP_MAGIC\"")
            .running("grep CapBnd /proc/self/status");
    try (ContainerProcess process = runtime.launch(bundle, List.of())) {
      assertThat(process.await().code()).isZero();
      assertThat(process.notices())
          .anyMatch(notice -> notice.contains("unknown or unavailable capabilities: [CAP_MAGIC]"));
    } finally {
      runtime.remove(bundle);
    }
    assertThat(log()).contains("0000000000000420");
  }

  @Test
  void setsWhatItsNamespacesHaveOfTheirOwn() throws Exception {
    assertThat(
            run(
                bundle()
                    .linux(
                        "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\",\"kernel/shmmni\":\"99\"},"
                            + "\"timeOffsets\":{\"boottime\":{\"secs\":1000000}}")
                    .replacing("{\"type\":\"pid\"}", "{\"type\":\"pid\"},{\"type\":\"time\"}")
                    .running(
                        "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni; test $(cut -d."
                            + " -f1 /proc/uptime) -gt 1000000"),
                0))
        .isEqualTo("1\n99\n");
  }

  @Test
  void hasATerminalFromItsOwnDevpts() throws Exception {
    assertThat(run(bundle().withTerminal().running("tty; stty size; ls -l /dev/console"), 0))
        .contains("/dev/pts/0")
        .contains("24 80")
        .contains("136,   0");
  }

  @Test
  void makesDevicesWhereverTheyBelong() throws Exception {
    String devices =
        "\"devices\":[{\"path\":\"/dev/mine\",\"type\":\"c\",\"major\":1,\"minor\":5,\"fileMode\":438,"
            + "\"uid\":7,\"gid\":8},{\"path\":\"/opt/odd/disk\",\"type\":\"b\",\"major\":7,\"minor\":200},"
            + "{\"path\":\"/dev/pipe\",\"type\":\"p\"}]";
    String out =
        run(
            bundle()
                .linux(devices)
                .running(
                    "stat -c '%F %a %u %g %t:%T' /dev/mine /opt/odd/disk /dev/pipe; head -c 3"
                        + " /dev/mine | wc -c; cat /opt/odd/disk"),
            1);
    assertThat(out)
        .contains("character special file 666 7 8 1:5")
        .contains("block special file 666 0 0 7:c8")
        .contains("fifo 666")
        .contains("\n3\n")
        .contains("cat: can't open '/opt/odd/disk': Operation not permitted");
    Files.delete(directory.resolve("rootfs/opt/odd/disk"));
  }

  @Test
  void holdsItsLimitsWhereItWasPut() throws Exception {
    String path = "/" + id + "-above/" + id;
    Bundle bundle =
        bundle()
            .linux("\"cgroupsPath\":\"" + path + "\"")
            .replacing(
                "\"resources\":{",
                "\"resources\":{\"memory\":{\"limit\":67108864},\"pids\":{\"limit\":20},\"cpu\":"
                    + "{\"shares\":512,\"quota\":50000,\"period\":100000,\"cpus\":\"0\"},")
            .replacing("{\"type\":\"cgroup\"}", "{\"type\":\"time\"}")
            .running(
                "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.shares"
                    + " cpu/cpu.cfs_quota_us cpuset/cpuset.cpus; nproc");
    try {
      assertThat(run(bundle, 0)).isEqualTo("67108864\n20\n512\n50000\n0\n1\n");
    } finally {
      for (Path group : bundle.asWritten().orElseThrow().cgroup().groups().values()) {
        Files.deleteIfExists(group.getParent());
      }
    }
  }
}
