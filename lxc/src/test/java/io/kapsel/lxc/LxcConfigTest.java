package io.kapsel.lxc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.engine.spec.SecurityRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LxcConfigTest {
  @TempDir Path place;

  private Path write(String name, String... lines) throws IOException {
    return Files.write(place.resolve(name), List.of(lines));
  }

  private ContainerSpec plan(String... lines) throws IOException {
    return LxcPlan.of(LxcConfig.read(write("config", lines)), "web", place);
  }

  @Test
  void becomesWhatIsSaidToTheEngine() throws IOException {
    ContainerSpec spec =
        plan(
            "# made by hand",
            "lxc.rootfs.path = dir:/srv/web",
            "lxc.uts.name = \"www\"",
            "lxc.init.cmd = /sbin/init --quiet",
            "lxc.environment = A=1",
            "lxc.cgroup2.memory.max = 64M",
            "lxc.cgroup2.memory.swap.max = 32M",
            "lxc.cgroup2.cpu.max = 50000 100000",
            "lxc.cgroup2.cpu.weight = 100",
            "lxc.cgroup.cpuset.cpus = 0",
            "lxc.cgroup2.pids.max = 77",
            "lxc.prlimit.nofile = 1000:2000",
            "lxc.sysctl.net.ipv4.ip_forward = 1",
            "lxc.proc.oom_score_adj = 10",
            "lxc.cap.drop = sys_module mac_admin",
            "lxc.mount.auto = cgroup:mixed proc:mixed sys:ro",
            "lxc.mount.entry = /srv/data data none ro,bind,nosuid,nodev,noexec,exec,create=dir 0 0",
            "lxc.mount.entry = /srv/base base overlay lowerdir=/srv/base,create=dir 0 0",
            "lxc.mount.entry = shm dev/shm tmpfs size=1m,mode=1777 0 0",
            "lxc.mount.entry = /does/not/exist x none bind,optional 0 0",
            "lxc.net.0.type = veth",
            "lxc.net.0.link = lxcbr0",
            "lxc.net.0.flags = up",
            "lxc.net.0.name = eth0",
            "lxc.net.0.hwaddr = 02:00:00:00:00:01",
            "lxc.net.0.ipv4.address = 10.0.3.7/24 10.0.3.255");

    assertThat(spec.root()).isEqualTo(new RootSource.Directory(Path.of("/srv/web")));
    assertThat(spec.hostname()).contains("www");
    assertThat(spec.name()).contains("web");
    assertThat(spec.arguments()).containsExactly("/sbin/init", "--quiet");
    assertThat(spec.env()).containsExactly("A=1");
    assertThat(spec.limits().memory()).contains(64L << 20);
    assertThat(spec.limits().memorySwap()).contains(96L << 20);
    assertThat(spec.limits().cpuQuota()).contains(50_000L);
    assertThat(spec.limits().cpuShares().orElseThrow()).isBetween(2500L, 2700L);
    assertThat(spec.limits().cpusetCpus()).contains("0");
    assertThat(spec.limits().pids()).contains(77L);
    assertThat(spec.ulimits().getFirst().hard()).isEqualTo(2000);
    assertThat(spec.sysctls()).containsEntry("net.ipv4.ip_forward", "1");
    assertThat(spec.oomScoreAdj()).contains(10);
    assertThat(spec.capDrop()).containsExactly("SYS_MODULE", "MAC_ADMIN");
    assertThat(spec.mounts())
        .containsExactly(
            new MountRequest.Bind(Path.of("/srv/data"), "/data", true, false, "rprivate")
                .denying(List.of("nosuid", "nodev")),
            new MountRequest.Bind(
                Path.of("/srv/base"), "/base", false, false, "rprivate", true, List.of()),
            new MountRequest.Tmpfs(
                "/dev/shm", java.util.Optional.of(1L << 20), 01777, List.of("exec", "suid")));
    assertThat(spec.networks().orElseThrow().attachments().getFirst().network())
        .isEqualTo("lxcbr0");
    assertThat(spec.networks().orElseThrow().attachments().getFirst().ipv4()).contains("10.0.3.7");
  }

  @Test
  void aCardIsCalledByItsOrderAndUp() {
    String[] veth = {"lxc.rootfs.path = /srv/web", "lxc.net.0.type = veth"};
    assertThatThrownBy(() -> plan(veth[0], veth[1], "lxc.net.0.name = lan"))
        .hasMessageContaining("this card is called 'eth0'");
    assertThatThrownBy(() -> plan(veth[0], veth[1], "lxc.net.0.flags = down"))
        .hasMessageContaining("'down' is not one of up");
  }

  @Test
  void aFileMayIncludeOthersAndTakeBackWhatTheySay() throws IOException {
    Files.createDirectory(place.resolve("more"));
    write("more/b.conf", "lxc.environment = B=1");
    write("more/a.conf", "lxc.environment = A=1", "lxc.cap.drop = sys_time");
    write("more/ignored.txt", "nonsense");

    LxcConfig config =
        LxcConfig.read(write("config", "lxc.include = " + place.resolve("more"), "lxc.cap.drop ="));

    assertThat(config.all("lxc.environment"))
        .extracting(LxcConfig.Entry::value)
        .containsExactly("A=1", "B=1");
    assertThat(config.all("lxc.cap.drop")).isEmpty();
  }

  /** As Debian's userns.conf includes one. */
  @Test
  void aDirectoryThatIsNotThereHasNothingToInclude() throws IOException {
    LxcConfig config = LxcConfig.read(write("config", "lxc.include = " + place + "/none.conf.d/"));

    assertThat(config.entries()).isEmpty();
  }

  /** As Debian's nesting.conf has them. */
  @Test
  void aProcForContainersInsideIsNesting() throws IOException {
    ContainerSpec spec =
        plan(
            "lxc.rootfs.path = /srv/web",
            "lxc.apparmor.profile = lxc-container-default-with-nesting",
            "lxc.mount.entry = proc dev/.lxc/proc proc create=dir,optional 0 0",
            "lxc.mount.entry = sys dev/.lxc/sys sysfs create=dir,optional 0 0");

    assertThat(spec.security()).isEqualTo(SecurityRequest.DEFAULT.nested());
    assertThat(spec.mounts()).isEmpty();
  }

  @Test
  void aCardOfNoKindLeavesTheContainerAlone() throws IOException {
    ContainerSpec spec = plan("lxc.rootfs.path = /srv/web", "lxc.net.0.type = empty");

    assertThat(spec.network()).isEqualTo(NamespaceMode.OWN);
    assertThat(spec.networks().orElseThrow().attachments()).isEmpty();
  }

  /** Each way in which a line can be wrong is told with the line. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "lxc.nonsense = 1 | there is no such key",
        "lxc.rootfs = /x | it is 'lxc.rootfs.path' now",
        "lxc.network.type = veth | it is 'lxc.net.0.type' now",
        "lxc.uts.name | is not KEY = VALUE",
        "lxc.hook.pre-mount = /bin/true | lxc.hook.pre-start runs in time",
        "lxc.seccomp.notify.proxy = unix:/x | the engine answers for system calls",
        "lxc.idmap = u 0 100000 65536 | owners of groups are missing",
        "lxc.idmap = b 0 100000 0 | 0:100000:0 are no ids",
        "lxc.selinux.context = unconfined_t | is not USER:ROLE:TYPE:LEVEL",
        "lxc.cgroup.dir = x | places of its own for the control groups",
        "lxc.net.0.type = phys | needs lxc.net.N.link",
        "lxc.net.0.veth.mode = router | have no such thing",
        "lxc.mount.entry = /x y | is not SOURCE TARGET TYPE OPTIONS",
        "lxc.mount.entry = /a b overlay lowerdir=/a,upperdir=/c,workdir=/d 0 0 | 'upperdir=/c'",
        "lxc.mount.entry = /a b overlay defaults 0 0 | one lowerdir=DIRECTORY",
        "lxc.mount.entry = /a b overlay lowerdir=/a:/c 0 0 | one lowerdir=DIRECTORY",
        "lxc.mount.entry = /dev/sda1 mnt ext4 ro 0 0 | only bind mounts, tmpfs and overlay",
        "lxc.mount.entry = /x y none bind,bogus 0 0 | 'bogus' is not an option",
        "lxc.rootfs.options = ro | a system writes to its root",
        "lxc.cgroup2.memory.swap.max = 1G | lxc.cgroup2.memory.max is missing",
        "lxc.namespace.keep = uts | of its own in any case",
        "lxc.namespace.share.net = 4711 | with a container that is named",
        "lxc.console.path = /dev/tty1 | a regular file or 'none' is possible",
        "lxc.console.logfile = log | is not an absolute path",
        "lxc.autodev = 0 | always has a /dev of its own",
      })
  void saysWhichLineIsWrongAndWhy(String line, String reason) {
    assertThatThrownBy(() -> plan("# first", "lxc.rootfs.path = /srv/web", line))
        .isInstanceOf(LxcException.class)
        .hasMessageContaining(place.resolve("config") + "': line 3: ")
        .hasMessageContaining(reason);
  }

  @Test
  void filesThatIncludeEachOtherAreToldApart() throws IOException {
    write("loop", "lxc.include = " + place.resolve("loop"));

    assertThatThrownBy(() -> LxcConfig.read(place.resolve("loop")))
        .hasMessageContaining("include each other");
  }

  @Test
  void optionsAreTakenApartAsLxcDoes() {
    LxcOptions options =
        LxcOptions.parse(
            "lxc-attach",
            List.of("-nweb", "-v", "A=1", "--set-var=B=2", "--", "ls", "-l"),
            "v:set-var= e:elevated-privileges");

    assertThat(options.name()).contains("web");
    assertThat(options.all("set-var")).containsExactly("A=1", "B=2");
    assertThat(options.operands()).containsExactly("ls", "-l");
    assertThatThrownBy(() -> LxcOptions.parse("lxc-ls", List.of("--nope"), ""))
        .hasMessageContaining("lxc-ls: unrecognized option '--nope'");
    assertThatThrownBy(() -> LxcOptions.parse("lxc-ls", List.of("-P"), ""))
        .hasMessageContaining("option requires an argument -- 'P'");
  }
}
