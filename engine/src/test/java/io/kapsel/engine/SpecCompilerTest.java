package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.DeviceRuleRequest;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.engine.spec.SecurityRequest;
import io.kapsel.engine.spec.Ulimit;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Process;
import io.kapsel.oci.Resources;
import io.kapsel.oci.Spec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What becomes of a request: Docker's defaults, and what is refused. */
class SpecCompilerTest {
  private static final HostFacts FACTS =
      new HostFacts(
          6,
          18,
          new CgroupHost(Optional.of(Path.of("/sys/fs/cgroup")), Set.of("pids"), Map.of()),
          1000,
          false,
          false,
          40,
          2,
          CapabilitySet.ALL.minus(CapabilitySet.of(Capability.SYS_RESOURCE)),
          Map.of("nofile", 4096L));
  private static final String ID = "0123456789ab" + "c".repeat(52);

  private final ContainerSpecBuilder request =
      new ContainerSpecBuilder(new RootSource.Host()).command(List.of("sh", "-c", "true"));

  private Spec compile() {
    return compile(Optional.of(0x2000_0000L));
  }

  private Spec compile(Optional<Long> base) {
    return compile(new Identity(ID, base));
  }

  private Spec compile(Identity identity) {
    return new SpecCompiler(
            request.build(), FACTS, identity, Users.in(List.of()), _ -> 42, Optional.empty())
        .compile(Path.of("/run/x"), Path.of("/state/volumes"));
  }

  private Process process() {
    return compile().process().orElseThrow();
  }

  private Resources resources() {
    return compile().linux().orElseThrow().resources().orElseThrow();
  }

  @Test
  void devicesAreAllowedAndDeniedInTheirOrder() {
    DeviceRuleRequest all = DeviceRuleRequest.parse("a *:* r");
    request.deviceRules(List.of(all, DeviceRuleRequest.parse("c 10:200 rwm").deny()));

    assertThat(resources().devices())
        .extracting(each -> each.type().orElse("") + each.minor() + each.allow())
        .endsWith("bOptional.emptytrue", "cOptional.emptytrue", "cOptional[200]false");
  }

  @Test
  void namesAContainerAsItsUserKnowsIt() {
    request.devices(List.of(DeviceRequest.parse("/dev/none")));
    Identity nameless = new Identity(ID, Optional.empty());
    Identity generated = new Identity(ID, Optional.of("keen_otter"), Optional.empty());

    assertThat(refusal(nameless)).startsWith("cannot create '0123456789ab': ");
    assertThat(refusal(generated)).startsWith("cannot create 'keen_otter': ").contains("ENOENT");
    request.name("asked");
    assertThat(refusal(nameless)).startsWith("cannot create 'asked': ");
    assertThat(refusal(generated)).startsWith("cannot create 'keen_otter': "); // it was renamed
  }

  private String refusal(Identity identity) {
    return assertThatThrownBy(() -> compile(identity))
        .isInstanceOf(EngineException.Invalid.class)
        .actual()
        .getMessage();
  }

  @Test
  void letsAnInitHaveItsGroupsAndNoFilesOfTheHost() {
    request.system();

    List<Mount> mounts = compile().mounts();

    assertThat(mounts)
        .filteredOn(mount -> mount.destination().equals("/sys/fs/cgroup"))
        .allMatch(mount -> mount.options().contains("rw"));
    assertThat(mounts)
        .filteredOn(mount -> mount.destination().equals("/sys"))
        .allMatch(mount -> mount.options().contains("ro"));
    assertThat(mounts).noneMatch(mount -> mount.destination().startsWith("/etc/"));
    assertThat(process().env()).doesNotContain("HOME=/root");
  }

  @Test
  void givesTheDefaultsOfDocker() {
    Spec spec = compile();

    assertThat(spec.hostname()).contains("0123456789ab");
    assertThat(spec.process().orElseThrow().env())
        .containsExactlyInAnyOrder(
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOSTNAME=0123456789ab",
            "HOME=/root");
    assertThat(spec.mounts())
        .extracting(Mount::destination)
        .containsExactly(
            "/proc",
            "/dev",
            "/dev/pts",
            "/sys",
            "/sys/fs/cgroup",
            "/dev/mqueue",
            "/dev/shm",
            "/etc/resolv.conf",
            "/etc/hostname",
            "/etc/hosts");
    assertThat(spec.linux().orElseThrow().maskedPaths()).contains("/proc/kcore", "/sys/firmware");
    assertThat(resources().pids().orElseThrow().limit()).contains(2048L);
  }

  @Test
  void fillsTheFiveSetsForTheSuperuser() {
    var sets = process().capabilities().orElseThrow();

    assertThat(sets.bounding()).hasSize(14).contains("CAP_CHOWN").doesNotContain("CAP_SYS_ADMIN");
    assertThat(sets.effective()).isEqualTo(sets.bounding());
    assertThat(sets.permitted()).isEqualTo(sets.bounding());
    assertThat(sets.inheritable()).isEmpty();
    assertThat(sets.ambient()).isEmpty();
  }

  @Test
  void leavesOthersOnlyTheBoundingSet() {
    request.user("1000:100").capAdd(List.of("NET_ADMIN"));
    var sets = process().capabilities().orElseThrow();

    assertThat(sets.bounding()).contains("CAP_NET_ADMIN");
    assertThat(sets.effective()).isEmpty();
    assertThat(sets.permitted()).isEmpty();
    assertThat(process().user().uid()).isEqualTo(1000);
    assertThat(process().user().gid()).isEqualTo(100);
  }

  @Test
  void promisesNoCapabilityThatTheEngineHasNot() {
    request.privileged(true);

    assertThat(
            compile(Optional.empty())
                .process()
                .orElseThrow()
                .capabilities()
                .orElseThrow()
                .bounding())
        .contains("CAP_SYS_ADMIN")
        .doesNotContain("CAP_SYS_RESOURCE");
  }

  @Test
  void doublesMemoryForSwap() {
    request.limits(limits(Optional.of(64L << 20), Optional.empty(), Optional.empty()));

    assertThat(resources().memory().orElseThrow().limit()).contains(64L << 20);
    assertThat(resources().memory().orElseThrow().swap()).contains(128L << 20);
  }

  @Test
  void turnsProcessorsIntoAQuota() {
    request.limits(limits(Optional.empty(), Optional.of(500_000_000L), Optional.empty()));

    assertThat(resources().cpu().orElseThrow().quota()).contains(50_000L);
    assertThat(resources().cpu().orElseThrow().period()).contains(100_000L);
  }

  @Test
  void refusesProcessorsThatTheHostHasNot() {
    request.limits(limits(Optional.empty(), Optional.of(3_000_000_000L), Optional.empty()));
    assertThatThrownBy(this::compile)
        .isInstanceOf(EngineException.Invalid.class)
        .hasMessage("cannot create '0123456789ab': this host has only 2 processors");

    request.limits(limits(Optional.empty(), Optional.empty(), Optional.of("0-2")));
    assertThatThrownBy(this::compile).hasMessageContaining("this host has no processor 2");
  }

  private static Limits limits(
      Optional<Long> memory, Optional<Long> nanoCpus, Optional<String> cpuset) {
    return new Limits(
        memory,
        Optional.empty(),
        Optional.empty(),
        nanoCpus,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        cpuset,
        Optional.empty(),
        Optional.empty());
  }

  @Test
  void takesOnlySettingsOfItsOwnNamespaces() {
    request.sysctls(Map.of("net/ipv4/ip_forward", "1", "kernel.shmmax", "5"));
    assertThat(compile().linux().orElseThrow().sysctl())
        .containsEntry("net.ipv4.ip_forward", "1")
        .containsEntry("kernel.shmmax", "5");

    request.sysctls(Map.of("kernel.core_pattern", "|/x"));
    assertThatThrownBy(this::compile).hasMessageContaining("belongs to the whole host");
    request.sysctls(Map.of("net.ipv4/ip_forward", "1"));
    assertThatThrownBy(this::compile).hasMessageContaining("mixes dots and slashes");
    request.sysctls(Map.of("net.ipv4.ip_forward", "1")).network(NamespaceMode.HOST);
    assertThatThrownBy(this::compile).hasMessageContaining("network namespace of its own");
  }

  @Test
  void refusesLimitsAboveThoseOfTheEngine() {
    request.ulimits(List.of(new Ulimit("nofile", 1024, 8192)));

    assertThatThrownBy(this::compile)
        .isInstanceOf(EngineException.Refused.class)
        .hasMessageContaining("cannot be raised above 4096");
  }

  @Test
  void refusesWhatTheKernelHasNot() {
    request.security(SecurityRequest.parse(List.of("apparmor=x"), file -> ""));
    assertThatThrownBy(this::compile)
        .isInstanceOf(EngineException.Refused.class)
        .hasMessageContaining("this kernel has no AppArmor");

    request.security(SecurityRequest.parse(List.of("label=type:x"), file -> ""));
    assertThatThrownBy(this::compile).isInstanceOf(EngineException.Refused.class);

    request.security(SecurityRequest.DEFAULT).oomScoreAdj(-5);
    assertThatThrownBy(this::compile).hasMessageContaining("needs CAP_SYS_RESOURCE");
  }

  @Test
  void mountsOverFilesOfEtcButNotOverProc() {
    request.mounts(List.of(MountRequest.parseVolume("/srv/hosts:/etc/hosts:ro", Path.of("/"))));
    assertThat(compile().mounts())
        .filteredOn(mount -> mount.destination().equals("/etc/hosts"))
        .containsExactly(Mount.of("/etc/hosts", "bind", "/srv/hosts", "rbind", "rprivate", "ro"));

    request.mounts(List.of(MountRequest.parseTmpfs("/proc/self")));
    assertThatThrownBy(this::compile).hasMessageContaining("below /proc");
  }

  @Test
  void mountsParentsBeforeChildren() {
    request.mounts(
        List.of(MountRequest.parseTmpfs("/a/b/c"), MountRequest.parseTmpfs("/a:size=1m,exec")));

    List<Mount> last = compile().mounts().subList(10, 12);
    assertThat(last).extracting(Mount::destination).containsExactly("/a", "/a/b/c");
    assertThat(last.getFirst().options())
        .containsExactlyInAnyOrder("nosuid", "nodev", "exec", "mode=1777", "size=1048576");
  }

  @Test
  void sharesNamespaces() {
    request.network(new NamespaceMode.Container("web")).pid(NamespaceMode.HOST);
    var linux = compile().linux().orElseThrow();

    assertThat(linux.namespace(Namespace.Type.NETWORK).orElseThrow().path())
        .contains("/proc/42/ns/net");
    assertThat(linux.namespace(Namespace.Type.PID)).isEmpty();
    assertThat(linux.namespace(Namespace.Type.USER)).isPresent();
  }

  @Test
  void needsSomethingToRun() {
    request.command(List.of());
    assertThatThrownBy(this::compile).isInstanceOf(EngineException.Invalid.class);
    request.command(List.of(""));
    assertThatThrownBy(this::compile).isInstanceOf(EngineException.Invalid.class);
  }
}
