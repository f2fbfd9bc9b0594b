package io.kapsel.lxc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.spec.Care;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.Owners;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.network.Attachment;
import io.kapsel.network.HostLink;
import io.kapsel.network.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of configurations of other systems, and that nothing is left out in silence. */
class AdoptionTest {
  @TempDir Path place;
  private Path web;

  @BeforeEach
  void make() throws IOException {
    web = Files.createDirectory(place.resolve("web"));
  }

  private Path write(String name, String... lines) throws IOException {
    return Files.write(web.resolve(name), List.of(lines));
  }

  private static Adoption read(Path path) {
    return Adoption.read(path, Optional.empty(), "lan"::equals);
  }

  private static Attachment card(ContainerSpec spec) {
    return spec.networks().orElseThrow().attachments().getFirst();
  }

  @Test
  void ofLxc() throws IOException {
    Path file =
        write(
            "config",
            "lxc.rootfs.path = dir:/srv/web",
            "lxc.uts.name = www",
            "lxc.nonsense = 1",
            "lxc.cgroup2.memory.max = 64M",
            "lxc.console.logfile = /tmp/log",
            "lxc.net.0.type = veth",
            "lxc.net.0.link = lxcbr0",
            "lxc.start.auto = maybe",
            "lxc.hook.pre-start = /bin/true",
            "lxc.cgroup2.memory.high = 1",
            "lxc.start.auto = 1");

    Adoption adopted = read(web);

    assertThat(adopted.spec().name()).contains("web");
    assertThat(adopted.spec().hostname()).contains("www");
    assertThat(adopted.spec().root()).isEqualTo(new RootSource.Directory(Path.of("/srv/web")));
    assertThat(adopted.spec().limits().memory()).contains(64L << 20);
    assertThat(adopted.spec().labels()).doesNotContainKey(LxcPlan.PATH_LABEL);
    String start = "cannot read '" + file + "': line ";
    assertThat(adopted.leftOut())
        .containsExactlyInAnyOrder(
            start + "3: lxc.nonsense: there is no such key",
            start + "8: lxc.start.auto: 'maybe' is not one of 0 1",
            start
                + "9: lxc.hook.pre-start: it is obeyed for containers that are defined in LXC's"
                + " place alone",
            start
                + "10: lxc.cgroup2.memory.high: it is obeyed for containers that are defined in"
                + " LXC's place alone",
            start + "7: lxc.net.0.link: there is no network 'lxcbr0'; the default network is taken",
            start
                + "5: lxc.console.logfile: it is obeyed for containers that are defined in LXC's"
                + " place alone");
  }

  @Test
  void whatIsLostIsNamedAndWhatIsNoMappingEndsIt() throws IOException {
    write(
        "config",
        "lxc.rootfs.path = dir:/srv/web",
        "lxc.arch = x86_64",
        "lxc.arch = i686",
        "lxc.group = onboot",
        "lxc.console.path = none",
        "lxc.console.path = /srv/console");

    assertThat(read(web).leftOut())
        .hasSize(3)
        .anyMatch(line -> line.contains(": line 3: lxc.arch: it is obeyed"))
        .anyMatch(line -> line.contains(": line 4: lxc.group: it is obeyed"))
        .anyMatch(line -> line.contains(": line 6: lxc.console.path: it is obeyed"));

    write("config", "lxc.rootfs.path = dir:/srv/web", "lxc.idmap = u 0 100000");
    assertThatThrownBy(() -> read(web)).hasMessageContaining("line 2: lxc.idmap: 'u 0 100000'");
  }

  /** Its link is the host's, and what is done at each start is named. */
  @Test
  void aCardOnALinkOfTheHostKeepsIt() throws IOException {
    write(
        "config",
        "lxc.rootfs.path = dir:/srv/web",
        "lxc.net.0.type = vlan",
        "lxc.net.0.link = enp3s0",
        "lxc.net.0.vlan.id = 7",
        "lxc.net.0.script.down = /bin/true",
        "lxc.hook.mount = /usr/share/lxcfs/lxc.mount.hook",
        "lxc.sched.core = 1");

    Adoption adopted = read(web);

    HostLink link = adopted.spec().networks().orElseThrow().hostLinks().getFirst();
    assertThat(link.kind()).isEqualTo(HostLink.Kind.VLAN);
    assertThat(link.parent()).isEqualTo("enp3s0");
    assertThat(link.number()).isEqualTo(7);
    assertThat(adopted.leftOut())
        .hasSize(2)
        .allMatch(line -> line.contains("it is obeyed for containers that are defined"));
  }

  @Test
  void ofIncus() throws IOException {
    write(
        "backup.yaml",
        "container:",
        "  architecture: x86_64",
        "  config:",
        "    image.os: debian",
        "  expanded_config:",
        "    limits.memory: 512MiB",
        "    limits.cpu: \"2\"",
        "    limits.processes: '300'",
        "    limits.kernel.nofile: 1000:2000",
        "    environment.COLOUR: 'it''s blue'",
        "    security.nesting: \"true\"",
        "    security.privileged: \"false\"",
        "    volatile.eth0.hwaddr: 00:16:3e:00:00:01",
        "    volatile.last_state.idmap: '[{\"Isuid\":true,\"Isgid\":true,\"Hostid\":1000000,\"Nsid\":0,\"Maprange\":65536}]'",
        "    raw.lxc: |-",
        "      lxc.cgroup2.pids.max = 7",
        "      lxc.nonsense = 1",
        "  expanded_devices:",
        "    eth0:",
        "      name: eth0",
        "      network: lan",
        "      type: nic",
        "      ipv4.address: 10.1.2.3",
        "      security.mac_filtering: \"true\"",
        "    root:",
        "      path: /",
        "      pool: default",
        "      size: 10GiB",
        "      type: disk",
        "    data:",
        "      path: /data",
        "      source: /srv/data",
        "      readonly: \"true\"",
        "      type: disk",
        "    gpu0:",
        "      type: gpu",
        "  name: web",
        "  profiles:",
        "  - default",
        "snapshots: []",
        "pool:",
        "  config:",
        "    source: /x",
        "  name: default");

    Adoption adopted = read(web);

    ContainerSpec spec = adopted.spec();
    assertThat(spec.name()).contains("web");
    assertThat(spec.root()).isEqualTo(new RootSource.Directory(web.resolve("rootfs")));
    assertThat(spec.owners()).contains(Owners.parse(List.of("b:0:1000000:65536")));
    assertThat(spec.limits().memory()).contains(512L << 20);
    assertThat(spec.limits().cpuQuota()).contains(200_000L);
    assertThat(spec.limits().pids()).contains(7L);
    assertThat(spec.env()).containsExactly("COLOUR=it's blue");
    assertThat(spec.mounts())
        .containsExactly(
            new MountRequest.Bind(Path.of("/srv/data"), "/data", true, false, "rprivate"));
    assertThat(card(spec).network()).isEqualTo("lan");
    assertThat(card(spec).ipv4()).contains("10.1.2.3");
    assertThat(card(spec).mac()).contains("00:16:3e:00:00:01");
    assertThat(adopted.leftOut().stream().map(line -> line.replaceFirst(".*': ", "")))
        .containsExactlyInAnyOrder(
            "line 17: raw.lxc: 'lxc.nonsense = 1' is no key of LXC's",
            "line 24: eth0.security.mac_filtering: a card has nothing that means the same",
            "line 28: root.size: the room of a root is not limited",
            "line 36: gpu0.type: a device of the type 'gpu' is given by --device");
  }

  /** Each line has its own meaning; those of a row are the first that there are none for. */
  @Test
  void ofIncusWithWhatItsEngineDoes() throws IOException {
    write(
        "backup.yaml",
        "container:",
        "  config:",
        "    boot.autostart: \"true\"",
        "    boot.autostart.delay: \"5\"",
        "    boot.autostart.priority: \"10\"",
        "    limits.memory: 64MiB",
        "    limits.memory.swap: \"false\"",
        "    security.nesting: \"true\"",
        "    security.syscalls.intercept.mknod: \"true\"",
        "    security.syscalls.intercept.sysinfo: \"false\"",
        "    security.syscalls.intercept.bpf: \"true\"",
        "    snapshots.schedule: '@daily'",
        "    snapshots.expiry: 2w",
        "    cloud-init.user-data: |-",
        "      #cloud-config",
        "      packages:",
        "        - nginx",
        "  devices:",
        "    dri:",
        "      source: /dev/null",
        "      path: /dev/card0",
        "      type: unix-char",
        "    eth0:",
        "      ipv4.address: 10.9.8.7",
        "      nictype: bridged",
        "      parent: br9",
        "      type: nic",
        "    http:",
        "      connect: tcp:127.0.0.1:80",
        "      listen: tcp:0.0.0.0:8080",
        "      type: proxy",
        "    out:",
        "      bind: instance",
        "      connect: tcp:127.0.0.1:80",
        "      listen: tcp:127.0.0.1:8081",
        "      type: proxy",
        "    tun:",
        "      path: /dev/net/tun",
        "      type: unix-char",
        "  name: web");

    Adoption adopted = read(web);

    ContainerSpec spec = adopted.spec();
    assertThat(spec.restartPolicy().restarts()).isTrue();
    assertThat(spec.care())
        .contains(new Care(Optional.of(-10L), 5, Optional.of(86_400L), Optional.of(14 * 86_400L)));
    assertThat(spec.limits().memorySwap()).contains(64L << 20);
    assertThat(spec.security().nesting()).isTrue();
    assertThat(spec.security().intercept()).containsExactly("mknod");
    assertThat(spec.devices())
        .containsExactly(new DeviceRequest(Path.of("/dev/null"), "/dev/card0", "rwm"));
    assertThat(spec.networks().orElseThrow().ports())
        .containsExactlyElementsOf(Port.parse("0.0.0.0:8080:80/tcp"));
    assertThat(card(spec).ipv4()).isEmpty();
    assertThat(adopted.leftOut().stream().map(line -> line.replaceFirst(".*': line ", "")))
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).startsWith("11: security.syscalls.intercept.bpf: "),
            line -> assertThat(line).startsWith("14: cloud-init.user-data: "),
            line -> assertThat(line).startsWith("24: eth0.ipv4.address: in the default network"),
            line -> assertThat(line).startsWith("26: eth0.parent: there is no network 'br9'"),
            line -> assertThat(line).startsWith("36: out.type: only one port of the host"),
            line -> assertThat(line).startsWith("39: tun.type: a device is named directly below"));
  }

  @Test
  void ofOpenvzWithCapabilitiesAndDevices() throws IOException {
    Path file =
        write(
            "102.conf",
            "VE_PRIVATE=\"/vz/private/$VEID\"",
            "CAPABILITY=\"NET_ADMIN:on SYS_TIME:off FLYING:on\"",
            "DEVNODES=\"fuse:rw net/tun:rw sda:none\"",
            "BOOTORDER=\"7\"",
            "ONBOOT=\"yes\"",
            "NAMESERVER=\"8.8.8.8 8.8.4.4\"",
            "SEARCHDOMAIN=\"example.org\"",
            "NETIF=\"ifname=eth0,bridge=vmbr0;ifname=eth1,bridge=vmbr1\"");

    Adoption adopted = read(file);

    ContainerSpec spec = adopted.spec();
    assertThat(spec.capAdd()).containsExactly("NET_ADMIN");
    assertThat(spec.capDrop()).containsExactly("SYS_TIME");
    assertThat(spec.devices())
        .containsExactly(new DeviceRequest(Path.of("/dev/fuse"), "/dev/fuse", "rw"));
    assertThat(spec.care().orElseThrow().startOrder()).contains(-7L);
    assertThat(spec.networks().orElseThrow().dns()).containsExactly("8.8.8.8", "8.8.4.4");
    assertThat(spec.networks().orElseThrow().dnsSearch()).containsExactly("example.org");
    assertThat(spec.networks().orElseThrow().attachments()).hasSize(1);
    assertThat(adopted.leftOut().stream().map(line -> line.replaceFirst(".*': line ", "")))
        .anyMatch(line -> line.contains("'FLYING:on' is no capability"))
        .anyMatch(line -> line.contains("not '/dev/net/tun'"))
        .anyMatch(line -> line.contains("one card in a network, not two in one"));
  }

  @Test
  void ofOpenvz() throws IOException {
    Path file =
        write(
            "101.conf",
            "# made by vzctl",
            "ONBOOT=\"yes\"",
            "PHYSPAGES=\"0:131072\"",
            "SWAPPAGES=\"0:512M\"",
            "NUMPROC=\"100:120\"",
            "KMEMSIZE=\"11055923:11377049\"",
            "NUMFILE=\"unlimited\"",
            "CPUUNITS=\"2000\"",
            "CPULIMIT=\"50\"",
            "VE_ROOT=\"/vz/root/$VEID\"",
            "VE_PRIVATE=\"/vz/private/$VEID\"",
            "OSTEMPLATE=\"debian-12-x86_64\"",
            "HOSTNAME=\"www.example.org\"",
            "IP_ADDRESS=\"10.0.0.2 10.0.0.3\"",
            "NAMESERVER=\"10.0.0.1\"",
            "this is no line",
            "CPUS=\"2\"");

    Adoption adopted = read(file);

    ContainerSpec spec = adopted.spec();
    assertThat(spec.name()).contains("ct101");
    assertThat(spec.root()).isEqualTo(new RootSource.Directory(Path.of("/vz/private/101")));
    assertThat(spec.hostname()).contains("www.example.org");
    assertThat(spec.limits().memory()).contains(512L << 20);
    assertThat(spec.limits().memorySwap()).contains(1024L << 20);
    assertThat(spec.limits().pids()).contains(120L);
    assertThat(spec.limits().cpuQuota()).contains(50_000L);
    assertThat(spec.restartPolicy().restarts()).isTrue();
    assertThat(spec.networks().orElseThrow().dns()).containsExactly("10.0.0.1");
    assertThat(adopted.leftOut().stream().map(line -> line.replaceFirst(".*': line ", "")))
        .hasSize(4)
        .anyMatch(line -> line.startsWith("6: KMEMSIZE: the kernel has no such counter"))
        .anyMatch(line -> line.startsWith("14: IP_ADDRESS: a card has one address"))
        .anyMatch(line -> line.startsWith("14: IP_ADDRESS: in the default network"))
        .anyMatch(line -> line.startsWith("16: this is no line: this is not KEY="));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "config | lxc.uts.name = web | has no lxc.rootfs.path",
        "config | lxc.rootfs.path = lvm:/dev/vg/web | line 1: lxc.rootfs.path: only a directory",
        "config | lxc.rootfs.path = /srv/web;lxc.idmap = u 0 100000 65536 | line 2: lxc.idmap: owners of groups",
        "config | lxc.rootfs.path = /srv/web;lxc.seccomp.profile = /does/not/exist | line 2: lxc.seccomp.profile",
        "1.conf | HOSTNAME=web | VE_PRIVATE does not say",
        "1.conf | VE_PRIVATE=/x;VE_LAYOUT=ploop | line 2: VE_LAYOUT: its files are in an image",
        "a.yaml | config: [1, 2];\tx | is not KEY: VALUE",
        "a.yaml | config:;  volatile.last_state.idmap: '[{\"Isuid\":true,\"Hostid\":1000000}]' | has no Nsid",
        "a.yaml | &anchor x: y | line 1: '&anchor x: y' is not KEY: VALUE",
      })
  void someThingsAreNoDetails(String file, String lines, String reason) throws IOException {
    Path path = write(file, lines.split(";"));

    assertThatThrownBy(() -> read(path))
        .isInstanceOf(LxcException.class)
        .hasMessageContaining(reason);
  }
}
