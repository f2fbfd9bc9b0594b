package io.kapsel.lxc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.spec.ContainerSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is wrong with a line, whoever reads the error knows which line it is. */
class LxcKeyTableTest {
  private static final List<String> BASE =
      List.of("lxc.rootfs.path = dir:/srv/web", "lxc.net.0.type = veth");

  private static final List<String> OF_FAMILIES =
      List.of(
          "lxc.cgroup.memory.limit_in_bytes",
          "lxc.cgroup.memory.swappiness",
          "lxc.cgroup.cpu.shares",
          "lxc.cgroup.devices.allow",
          "lxc.cgroup2.memory.max",
          "lxc.cgroup2.memory.low",
          "lxc.cgroup2.memory.swap.max",
          "lxc.cgroup2.cpu.weight",
          "lxc.cgroup2.cpu.max",
          "lxc.cgroup2.cpuset.cpus",
          "lxc.cgroup2.cpuset.mems",
          "lxc.cgroup2.pids.max",
          "lxc.cgroup2.devices.deny",
          "lxc.cgroup2.io.max",
          "lxc.namespace.share.net",
          "lxc.namespace.share.pid",
          "lxc.prlimit.nofile",
          "lxc.prlimit.memlock",
          "lxc.sysctl.net.ipv4.ip_forward",
          "lxc.sysctl.kernel.sysrq",
          "lxc.proc.oom_score_adj",
          "lxc.proc.nonsense",
          "lxc.net.0.type",
          "lxc.net.0.link",
          "lxc.net.0.name",
          "lxc.net.0.flags",
          "lxc.net.0.mtu",
          "lxc.net.0.hwaddr",
          "lxc.net.0.ipv4.address",
          "lxc.net.0.ipv4.gateway",
          "lxc.net.0.ipv6.address",
          "lxc.net.0.ipv6.gateway",
          "lxc.net.0.l2proxy",
          "lxc.net.0.script.up",
          "lxc.net.0.script.down",
          "lxc.net.0.veth.pair",
          "lxc.net.0.veth.mode",
          "lxc.net.0.veth.ipv4.route",
          "lxc.net.0.veth.ipv6.route",
          "lxc.net.0.veth.vlan.id",
          "lxc.net.0.veth.vlan.tagged.id",
          "lxc.net.0.veth.n_rxqueues",
          "lxc.net.0.vlan.id",
          "lxc.net.0.macvlan.mode",
          "lxc.net.0.ipvlan.mode",
          "lxc.net.0.ipvlan.isolation");

  /** A value that some key may have, and none has each of them. */
  private static final List<String> VALUES =
      List.of(
          "nonsense",
          "-1",
          "0",
          "1",
          "99999999999999999999",
          "4294967296",
          "a b c",
          "x:y:z",
          "/does/not/exist",
          "10:5",
          ":",
          "::::::",
          "1.2.3.4/33",
          "\u00e4\u20ac",
          "x".repeat(5000));

  @TempDir Path place;

  static Stream<String> keys() {
    return Stream.concat(
        LxcKeys.all().stream().filter(key -> !key.equals("lxc.include")).sorted(),
        OF_FAMILIES.stream());
  }

  private ContainerSpec plan(List<String> lines) throws IOException {
    return LxcPlan.of(
        LxcConfig.read(Files.write(place.resolve("config"), lines)), "web", Path.of("/place"));
  }

  private static List<String> with(String... more) {
    List<String> all = new ArrayList<>(BASE);
    all.addAll(List.of(more));
    return all;
  }

  @ParameterizedTest
  @MethodSource("keys")
  void aLineIsObeyedOrNamed(String key) throws IOException {
    for (String value : VALUES) {
      try {
        var _ = plan(with(key + " = " + value));
      } catch (LxcException e) {
        assertThat(e)
            .as(key + " = " + value)
            .hasMessageContaining("cannot read '%s': line ", place.resolve("config"))
            .hasMessageMatching("(?s).*: line (3: \\Q" + key + "\\E|2: lxc.net.0.type): .*");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("keys")
  void anEmptyValueTakesBackWhatWasSaid(String key) throws IOException {
    List<String> lines = key.equals("lxc.rootfs.path") ? with(key + " = dir:/srv/web") : with();
    ContainerSpec without = plan(lines);
    for (String value : VALUES) {
      try {
        var _ = plan(with(key + " = " + value));
      } catch (LxcException e) {
        continue;
      }
      List<String> taken = with(key + " = " + value, key + " =");
      if (key.equals("lxc.rootfs.path")) {
        taken.add(key + " = dir:/srv/web");
      }
      if (key.equals("lxc.net.0.type")) {
        taken.add(key + " = veth");
      }
      assertThat(plan(taken)).as(key + " = " + value).isEqualTo(without);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "lxc.cgroup2.memory.max = much | is not one of max -1 or a size",
        "lxc.cgroup.memory.limit_in_bytes = -5 | is not one of max -1 or a size",
        "lxc.cgroup2.cpu.weight = 0 | is not a number from 1 to 10000",
        "lxc.cgroup2.cpu.weight = 10001 | is not a number from 1 to 10000",
        "lxc.cgroup2.cpu.max = half | is not QUOTA [PERIOD]",
        "lxc.cgroup2.cpu.max = 1 2 3 | is not QUOTA [PERIOD]",
        "lxc.cgroup2.cpuset.cpus = all | is not a list such as 0-3,6",
        "lxc.cgroup2.pids.max = many | is not one of max or a number",
        "lxc.cgroup2.memory.swap.max = 1M | swap is limited together with memory",
        "lxc.cgroup2.devices.allow = c 10 rwm | is neither 'a' nor TYPE MAJOR:MINOR ACCESS",
        "lxc.cgroup.devices.deny = c 10:200 | is neither 'a' nor TYPE MAJOR:MINOR ACCESS",
        "lxc.cgroup2.nonsense = 1 | there is no such file in a control group",
        "lxc.cgroup.dir = x | places of its own",
        "lxc.prlimit.nofile = 20:10 | ",
        "lxc.init.uid = 65536 | is not a number up to 65535",
        "lxc.init.gid = 4294967295 | is not a number up to 65535",
        "lxc.time.offset.boot = 99999999999999999999h | is not a time such as 5s",
        "lxc.mount.auto = nonsense | is nothing that can be mounted",
        "lxc.mount.auto = proc:ro | is nothing that can be mounted",
        "lxc.mount.auto = shmounts:/srv | gets mounts by 'kapsel device add -v'",
        "lxc.mount.entry = /srv | is not SOURCE TARGET TYPE OPTIONS",
        "lxc.mount.entry = /dev/sda1 x ext4 defaults 0 0 | only bind mounts, tmpfs and overlay",
        "lxc.mount.entry = /srv x none bind,foo 0 0 | 'foo' is not an option",
        "lxc.mount.entry = srv x none bind,relative 0 0 | 'relative' is not an option",
        "lxc.mount.entry = t x tmpfs size=much 0 0 | ",
        "lxc.mount.fstab = /does/not/exist | cannot read '/does/not/exist'",
        "lxc.rootfs.path = zfs:tank/web | only a directory can be a root here",
        "lxc.rootfs.path = overlay:/srv/web | only a directory can be a root here",
        "lxc.rootfs.path = overlay:/srv/web:delta | only a directory can be a root here",
        "lxc.rootfs.options = ro | only 'rw' is possible",
        "lxc.namespace.keep = pid | a system has 'pid' of its own in any case",
        "lxc.namespace.share.net = 17 | shared with a container that is named",
        "lxc.autodev = 0 | always has a /dev of its own",
        "lxc.keyring.session = 0 | always has a keyring of its own",
        "lxc.selinux.context = x | is not USER:ROLE:TYPE:LEVEL",
        "lxc.seccomp.profile = /does/not/exist | /does/not/exist",
        "lxc.net.0.mtu = 67 | is not a number from 68 to 65535",
        "lxc.net.0.mtu = 70000 | is not a number from 68 to 65535",
        "lxc.net.0.vlan.id = 4095 | is not a number from 0 to 4094",
        "lxc.net.0.name = lan | this card is called 'eth0'",
        "lxc.net.0.veth.pair = a-name-too-long0 | is not the name of an interface",
        "lxc.net.1.veth.pair = v0 | only a card of the type 'veth' has an end on the host",
        "lxc.net.0.nonsense = 1 | the networks of the engine have no such thing",
        "lxc.net.99999.type = veth | there is no such key",
        "lxc.net.1.type = vlan | needs lxc.net.N.link",
        "lxc.net.1.type = phys | needs lxc.net.N.link",
        "lxc.include = /does/not/exist | there is no '/does/not/exist' (ENOENT)",
        "lxc.hook.pre-mount = /bin/true | pre-start runs in time",
        "lxc.apparmor.raw = deny mount, | take the line out to go without it",
        "lxc.seccomp.notify.cookie = x | take the line out to go without it",
        "lxc.utsname = web | it is 'lxc.uts.name' now",
        "lxc.network.type = veth | it is 'lxc.net.0.type' now",
        "lxc.limit.nofile = 1 | it is 'lxc.prlimit.nofile' now",
        "lxc.cgroup3.memory.max = 1 | there is no such key",
      })
  void saysWhatIsWrongWithIt(String line, String reason) {
    assertThatThrownBy(() -> plan(with(line)))
        .isInstanceOf(LxcException.class)
        .hasMessageContaining("cannot read '" + place.resolve("config") + "': line 3: ")
        .hasMessageContaining(reason == null ? "" : reason);
  }

  @Test
  void ofOneValueTheLastLineCountsAndOfListsAll() throws IOException {
    ContainerSpec spec =
        plan(
            with(
                "lxc.uts.name = one",
                "lxc.uts.name = two",
                "lxc.cgroup2.pids.max = 5",
                "lxc.cgroup2.pids.max = 6",
                "lxc.environment = A=1",
                "lxc.environment = B=2",
                "lxc.cap.drop = sys_time",
                "lxc.cap.drop = sys_module"));

    assertThat(spec.hostname()).contains("two");
    assertThat(spec.limits().pids()).contains(6L);
    assertThat(spec.env()).containsExactly("A=1", "B=2");
    assertThat(spec.capDrop()).containsExactly("SYS_TIME", "SYS_MODULE");
  }

  @Test
  void twoThatExcludeEachOtherAreNamed() {
    assertThatThrownBy(() -> plan(with("lxc.cap.keep = chown", "lxc.cap.drop = sys_time")))
        .hasMessageContaining("line 4: lxc.cap.drop: there is lxc.cap.keep, too");
  }

  @Test
  void theLineIsThatOfTheFileInWhichItStands() throws IOException {
    Path other = Files.write(place.resolve("other.conf"), List.of("# own", "lxc.autodev = 7"));

    assertThatThrownBy(() -> plan(with("lxc.include = " + other)))
        .hasMessageContaining("cannot read '" + other + "': line 2: lxc.autodev");
    Files.write(other, List.of("lxc.include = " + other));
    assertThatThrownBy(() -> plan(with("lxc.include = " + other)))
        .hasMessageContaining("files include each other");
    assertThatCode(() -> plan(with("lxc.include = " + Files.createDirectory(place.resolve("d")))))
        .doesNotThrowAnyException();
  }
}
