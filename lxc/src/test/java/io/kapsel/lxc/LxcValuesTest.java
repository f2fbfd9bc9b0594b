package io.kapsel.lxc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each key, wrong in each way in which it can be wrong by itself. */
class LxcValuesTest {
  @TempDir Path place;

  private LxcConfig read(String line) throws IOException {
    Path file = Files.write(place.resolve("config"), List.of("# first", "", line));
    return LxcConfig.read(file);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "lxc.apparmor.allow_incomplete = 2 | is not one of 0 1",
        "lxc.apparmor.allow_nesting = yes | is not one of 0 1",
        "lxc.autodev = 2 | is not one of 0 1",
        "lxc.autodev = on | is not one of 0 1",
        "lxc.cgroup.relative = x | is not one of 0 1",
        "lxc.console.rotate = 2 | is not one of 0 1",
        "lxc.ephemeral = yes | is not one of 0 1",
        "lxc.hook.version = 7 | is not one of 0 1",
        "lxc.keyring.session = x | is not one of 0 1",
        "lxc.monitor.signal.pdeath = 9 | is not one of 0 1",
        "lxc.monitor.unshare = 4 | is not one of 0 1",
        "lxc.no_new_privs = true | is not one of 0 1",
        "lxc.rootfs.managed = 7 | is not one of 0 1",
        "lxc.sched.core = x | is not one of 0 1",
        "lxc.seccomp.allow_nesting = 3 | is not one of 0 1",
        "lxc.start.auto = 2 | is not one of 0 1",
        "lxc.start.auto = yes | is not one of 0 1",
        "lxc.start.delay = -4 | is not a number",
        "lxc.start.delay = 1.5 | is not a number",
        "lxc.start.order = first | is not a number",
        "lxc.start.order = 99999999999 | is not a number",
        "lxc.tty.max = -1 | is not a number",
        "lxc.tty.max = many | is not a number",
        "lxc.pty.max = -3 | is not a number",
        "lxc.init.uid = root | is not a number up to 65535",
        "lxc.init.gid = -1 | is not a number",
        "lxc.init.groups = wheel | is not numbers",
        "lxc.init.cwd = srv | is not an absolute path",
        "lxc.proc.oom_score_adj = 1001 | is not a number from -1000 to 1000",
        "lxc.proc.oom_score_adj = low | is not a number from -1000 to 1000",
        "lxc.autodev.tmpfs.size = x | is not a size",
        "lxc.console.size = big | is not one of auto or a size",
        "lxc.console.buffer.size = -5 | is not one of auto or a size",
        "lxc.console.path = console | is not one of none or an absolute path",
        "lxc.signal.halt = SIGFOO | is not a signal",
        "lxc.signal.reboot = 99 | is not a signal",
        "lxc.signal.stop = -1 | is not a signal",
        "lxc.log.level = loud | is not a level of LXC's log",
        "lxc.log.level = 12 | is not a level of LXC's log",
        "lxc.log.file = log | is not an absolute path",
        "lxc.log.syslog = DAEMON 1 | is not a facility of syslog(3)",
        "lxc.mount.fstab = fstab | is not an absolute path",
        "lxc.rootfs.mount = mnt | is not an absolute path",
        "lxc.arch = pdp11 | is not one of aarch64",
        "lxc.idmap = z 0 1 2 | is not 'u|g|b INSIDE OUTSIDE COUNT'",
        "lxc.idmap = u 0 100000 | is not 'u|g|b INSIDE OUTSIDE COUNT'",
        "lxc.idmap = u 0 -1 5 | is not 'u|g|b INSIDE OUTSIDE COUNT'",
        "lxc.uts.name = a b | is not a host name",
        "lxc.uts.name = -a | is not a host name",
        "lxc.uts.name = a.b. | is not a host name",
        "lxc.cap.drop = flying | is not a capability",
        "lxc.cap.drop = sys_time flying | is not a capability",
        "lxc.cap.drop = none | is not a capability",
        "lxc.cap.keep = flying | is not a capability",
        "lxc.environment = COLOUR | is not NAME=VALUE",
        "lxc.environment = =blue | is not NAME=VALUE",
        "lxc.environment.runtime = x | is not NAME=VALUE",
        "lxc.environment.hooks = x | is not NAME=VALUE",
        "lxc.namespace.clone = foo | is not one of cgroup ipc",
        "lxc.namespace.keep = net foo | is not one of cgroup ipc",
        "lxc.namespace.share.foo = web | there is no such key",
        "lxc.time.offset.boot = soon | is not a time such as 5s",
        "lxc.time.offset.monotonic = 5 | is not a time such as 5s",
        "lxc.prlimit.foo = 1 | there is no such resource",
        "lxc.prlimit.nofile = many | is not a number or 'unlimited'",
        "lxc.prlimit.nofile = 1:-2 | is not a number or 'unlimited'",
        "lxc.net.0.type = wire | is not one of veth",
        "lxc.net.0.flags = down | is not one of up",
        "lxc.net.0.mtu = big | is not a number",
        "lxc.net.0.hwaddr = zz:zz | is not a hardware address",
        "lxc.net.0.hwaddr = 02:00:00:00:00 | is not a hardware address",
        "lxc.net.0.ipv4.address = 1.2.3.400 | is not an IPv4 address",
        "lxc.net.0.ipv4.address = 1.2.3 | is not an IPv4 address",
        "lxc.net.0.ipv4.address = 1.2.3.4/33 | is not an IPv4 address",
        "lxc.net.0.ipv4.gateway = up | is not one of auto dev or an IPv4 address",
        "lxc.net.0.ipv6.address = 1.2.3.4 | is not an IPv6 address",
        "lxc.net.0.ipv6.gateway = x | is not one of auto dev or an IPv6 address",
        "lxc.net.0.name = a/b | is not the name of an interface",
        "lxc.net.0.link = a b | is not the name of an interface",
        "lxc.net.0.macvlan.mode = x | is not one of private",
        "lxc.net.0.ipvlan.mode = x | is not one of l2",
        "lxc.net.0.veth.mode = x | is not one of bridge",
        "lxc.net.x.type = veth | there is no such key",
        "lxc.cgroup = 1 | there is no such key",
        "lxc.hook.foo = /bin/true | there is no such key",
        "lxc.prlimit = 1 | there is no such key",
        "lxc = 1 | there is no such key",
        "uts.name = web | there is no such key",
        "LXC.UTS.NAME = web | there is no such key",
        "= web | there is no such key",
        "lxc.uts.name web | is not KEY = VALUE",
      })
  void saysWhichLineHasAValueThatMakesNoSense(String line, String reason) {
    assertThatThrownBy(() -> read(line))
        .isInstanceOf(LxcException.class)
        .hasMessageContaining("cannot read '" + place.resolve("config") + "': line 3: ")
        .hasMessageContaining(reason);
  }

  /** Its length is no reason: a pattern that calls itself for each part would have no room. */
  @Timeout(10)
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "lxc.cgroup.cpuset.cpus = 0-1 | ,0-1",
        "lxc.cgroup2.cpuset.mems = 0 | ,0",
        "lxc.init.groups = 1 | ,1",
        "lxc.net.0.ipv6.address = : | :",
      })
  void aLongValueIsLookedAtToItsEnd(String start, String more) throws IOException {
    String value = start + more.repeat((32 << 10) / more.length());

    assertThat(read(value).entries()).hasSize(1);
    assertThatThrownBy(() -> read(value + "!")).isInstanceOf(LxcException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lxc.start.auto = 1",
        "lxc.start.order = -5",
        "lxc.signal.halt = SIGRTMIN+3",
        "lxc.signal.halt = 12",
        "lxc.console.size = 1MB",
        "lxc.console.buffer.size = auto",
        "lxc.cap.drop = sys_module mac_admin",
        "lxc.cap.keep = none",
        "lxc.environment = A=b=c",
        "lxc.prlimit.nofile = 10:unlimited",
        "lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx",
        "lxc.net.0.ipv4.address = 10.0.3.7/24 10.0.3.255",
        "lxc.net.0.ipv4.address = 10.0.3.7",
        "lxc.net.0.ipv6.address = 2003:db8:1:0:214:1234:fe0b:3596/64",
        "lxc.net.0.ipv4.gateway = auto",
        "lxc.net = ",
        "lxc.idmap = u 0 100000 65536",
        "lxc.log.level = info",
        "lxc.namespace.keep = net ipc",
        "lxc.uts.name = web.example.org",
        "lxc.cgroup2.memory.high = 1",
        "lxc.apparmor.raw = deny mount,",
      })
  void takesWhatMakesSense(String line) throws IOException {
    assertThat(read(line).entries()).hasSize(1);
  }
}
