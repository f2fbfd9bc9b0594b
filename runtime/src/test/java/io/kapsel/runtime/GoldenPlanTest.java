package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Device;
import io.kapsel.oci.IdMapping;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Process;
import io.kapsel.oci.Resources;
import io.kapsel.oci.User;
import io.kapsel.runtime.plan.LaunchPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The plans of typical bundles on typical hosts, word for word, in {@code
 * src/test/resources/plans}.
 *
 * <p>After a wanted change, write them anew and read the difference before it is committed: {@code
 * mvn -pl runtime test -Dtest=GoldenPlanTest -Dkapsel.plans=write}.
 */
class GoldenPlanTest {
  private static final Path PLANS = Path.of("src/test/resources/plans");
  private static final Path DIRECTORY = Path.of("/var/lib/kapsel/containers/web");

  @Test
  void ordinaryContainer() throws Exception {
    compare("ordinary", bundle().running("true"), Hosts.current());
  }

  @Test
  void ordinaryContainerOnTheHostsUsers() throws Exception {
    compare("host-users", bundle().onHostUsers().running("true"), Hosts.current());
  }

  @Test
  void olderKernelAttachesTheLayers() throws Exception {
    compare("layers-by-path", bundle().running("true"), Hosts.beforeDetachedLayers());
  }

  @Test
  void limitsOnVersionTwo() throws Exception {
    compare("limits-v2", limited().running("true"), Hosts.current());
  }

  @Test
  void limitsOnHybridHost() throws Exception {
    compare("limits-hybrid", limited().running("true"), Hosts.hybrid());
  }

  @Test
  void limitsOnVersionOne() throws Exception {
    compare("limits-v1", limited().running("true"), Hosts.onlyVersionOne());
  }

  @Test
  void everythingThatCanBeAskedFor() throws Exception {
    Bundle bundle =
        bundle()
            .withTerminal()
            .withInit()
            .withoutNewPrivileges()
            .readOnly()
            .withClocks()
            .onHostNetwork()
            .withSysctls(Map.of("kernel.msgmax", "65536"))
            .with(
                new Device(
                    "/dev/net/tun",
                    "c",
                    10,
                    200,
                    Optional.of(0666),
                    Optional.empty(),
                    Optional.empty()))
            .with(new Process.Rlimit("RLIMIT_NOFILE", 1024, 1_000_000))
            .as(new User(1000, 1000, Optional.of(027), List.of(10L, 20L), Optional.empty()))
            .with(
                Mount.of("/data", "bind", "/srv", "rbind", "ro", "rslave"),
                Mount.of("/scratch", "tmpfs", "tmpfs", "nosuid", "noexec", "size=1m"))
            .withOomScore(-500)
            .in("/work")
            .running("sh", "-c", "exit");

    compare("everything", bundle, Hosts.current());
  }

  @Test
  void wholeSystem() throws Exception {
    Bundle bundle =
        bundle()
            .withTerminal()
            .with(
                Mount.of("/run", "tmpfs", "tmpfs", "nosuid", "nodev", "mode=755"),
                Mount.of("/run/host", "bind", "/run/kapsel/host", "bind", "rprivate", "ro"))
            .running("/sbin/init");

    compare("system", bundle.asSystem(), Hosts.current());
  }

  @Test
  void ordinaryContainerInASystemContainer() throws Exception {
    compare("nested", bundle().withIdsFrom(0).running("true"), Hosts.nested());
  }

  @Test
  void wholeSystemWithTerminals() throws Exception {
    Bundle bundle =
        bundle().withTerminal().withTtys(new Ttys(2, Optional.of("lxc"))).running("/sbin/init");

    compare("system-ttys", bundle.asSystem(), Hosts.current());
  }

  @Test
  void directoryAsRoot() throws Exception {
    compare(
        "directory",
        bundle().on(new RootFilesystem.Directory(Path.of("/srv/rootfs"))).running("/bin/true"),
        Hosts.current());
  }

  @Test
  void filesThatBelongToOtherIds() throws Exception {
    List<IdMapping> ids = List.of(new IdMapping(100000, 0x2000_0000L, 65536));
    RootFilesystem root =
        new RootFilesystem.Overlay(
            List.of(
                new RootFilesystem.Lower(Path.of("/var/lib/kapsel/saved/x/tree")),
                new RootFilesystem.Lower(Path.of("/srv/rootfs"), ids, ids)),
            DIRECTORY,
            false);

    compare(
        "owners",
        bundle()
            .on(root)
            .with(Mount.of("/data", "bind", "/srv", "rbind", "ro").withMappings(ids, ids))
            .running("/bin/true"),
        Hosts.current());
  }

  @Test
  void bundleOfACallerOnAHybridHost() throws Exception {
    compare("written-hybrid", written(Hosts.hybrid()).running("true"), Hosts.hybrid());
  }

  @Test
  void bundleOfACallerOnVersionTwo() throws Exception {
    compare("written-v2", written(Hosts.current()).running("true"), Hosts.current());
  }

  @Test
  void bundleOfACallerWithEverything() throws Exception {
    WrittenBundles bundle =
        written(Hosts.withHugePages())
            .replacing(
                "{\"type\":\"pid\"}", "{\"type\":\"pid\"},{\"type\":\"user\"},{\"type\":\"time\"}")
            .replacing(
                "\"hostname\"",
                "\"hooks\":{\"createContainer\":[{\"path\":\"/bin/hook\",\"timeout\":2}],"
                    + "\"startContainer\":[{\"path\":\"/in/hook\"}]},\"hostname\"")
            .replacing(
                "\"resources\":{",
                "\"resources\":{\"memory\":{\"limit\":1000,\"swap\":2000},"
                    + "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1}],")
            .linux(
                "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":9}],"
                    + "\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":9}],"
                    + "\"rootfsPropagation\":\"rshared\",\"cgroupsPath\":\"/a/b\","
                    + "\"timeOffsets\":{\"monotonic\":{\"secs\":5}},"
                    + "\"netDevices\":{\"kapsel-none0\":{\"name\":\"eth0\"}},"
                    + "\"sysctl\":{\"net.core.somaxconn\":\"9\"},"
                    + "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-1\"},"
                    + "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/run/agent\","
                    + "\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}")
            .process("\"scheduler\":{\"policy\":\"SCHED_IDLE\"}")
            .mount(
                "{\"destination\":\"/a\",\"source\":\"data\",\"options\":[\"rbind\",\"rro\",\"shared\",\"idmap\"]},"
                    + "{\"destination\":\"/b\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"lowerdir=/x:/y\"]},"
                    + "{\"destination\":\"/c\",\"type\":\"tmpfs\",\"source\":\"t\",\"options\":[\"tmpcopyup\",\"ro\"]}");

    compare("written-everything", bundle.running("true"), Hosts.withHugePages());
  }

  @Test
  void bundleInScopeOfSystemd() throws Exception {
    compare(
        "written-scope",
        written(Hosts.current()).inScope("machine.slice:pre:web").running("true"),
        Hosts.current());
  }

  @Test
  void bundleInScopeOfSystemdOnHybridHost() throws Exception {
    compare(
        "written-scope-hybrid",
        written(Hosts.hybrid()).inScope("machine.slice:pre:web").running("true"),
        Hosts.hybrid());
  }

  @Test
  void bundleOfUser() throws Exception {
    HostFacts facts = Hosts.current().as(Hosts.USER);
    compare("written-user", ofUser(facts, 1).without("network").running("true"), facts);
  }

  @Test
  void bundleOfUserWithRangeOfIds() throws Exception {
    HostFacts facts = Hosts.current().as(Hosts.USER);
    compare("written-user-range", ofUser(facts, 65_536).running("true"), facts);
  }

  @Test
  void bundleOfRootOfUserNamespace() throws Exception {
    HostFacts facts = Hosts.current().as(Hosts.NAMESPACE_ROOT);
    compare(
        "written-namespace-root", written(facts).ungrouped().mount(OVERLAY).running("true"), facts);
  }

  @Test
  void restoreOfBundle() throws Exception {
    compare("restore", restored(Hosts.current(), written(Hosts.current())));
  }

  @Test
  void restoreOfBundleInScopeOfSystemd() throws Exception {
    compare(
        "restore-scope",
        restored(Hosts.hybrid(), written(Hosts.hybrid()).inScope("machine.slice:pre:web")));
  }

  private static String restored(HostFacts facts, WrittenBundles bundle) {
    Bundle planned =
        bundle
            .mount(
                "{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"/srv\",\"options\":[\"rbind\"]}")
            .replacing(
                "{\"type\":\"network\"}", "{\"type\":\"network\",\"path\":\"/run/netns/one\"}")
            .restored();
    return text(
        LaunchPlan.lines(
            new RestorePlanner(new Wanted(planned, facts), "/usr/sbin/criu", "/run/x/criu-root")
                .plan()));
  }

  private static final String OVERLAY =
      "{\"destination\":\"/b\",\"type\":\"overlay\",\"source\":\"overlay\","
          + "\"options\":[\"lowerdir=/x:/y\"]}";

  private static WrittenBundles ofUser(HostFacts facts, int size) {
    long first = size == 1 ? 1000 : 100_000;
    String mapping = "[{\"containerID\":0,\"hostID\":" + first + ",\"size\":" + size + "}]";
    return written(facts)
        .ungrouped()
        .replacing("{\"type\":\"pid\"}", "{\"type\":\"pid\"},{\"type\":\"user\"}")
        .linux("\"uidMappings\":" + mapping + ",\"gidMappings\":" + mapping);
  }

  private static WrittenBundles written(HostFacts facts) {
    return new WrittenBundles(Path.of("/nowhere/bundle"), "web", facts.cgroups());
  }

  private static Bundles bundle() {
    return new Bundles(DIRECTORY, "web");
  }

  private static Bundles limited() {
    Resources.Cpu cpu =
        new Resources.Cpu(
            Optional.of(512L),
            Optional.of(50_000L),
            Optional.empty(),
            Optional.of(100_000L),
            Optional.empty(),
            Optional.empty(),
            Optional.of("0-1"),
            Optional.empty(),
            Optional.empty());
    return bundle()
        .with(Bundles.resources(50, Optional.of(Bundles.memory(64 << 20)), Optional.of(cpu)));
  }

  private static void compare(String name, Bundle bundle, HostFacts facts) throws IOException {
    compare(name, text(LaunchPlanner.plan(bundle, facts).lines()));
  }

  private static void compare(String name, String now) throws IOException {
    Path file = PLANS.resolve(name + ".txt");
    if ("write".equals(System.getProperty("kapsel.plans"))) {
      Files.createDirectories(PLANS);
      Files.writeString(file, now);
    }
    assertThat(now).isEqualTo(Files.readString(file));
  }

  private static String text(List<LaunchPlan.Line> lines) {
    return lines.stream()
        .map(line ->
            "%-9s %-7s %s   # %s%s%n"
                .formatted(
                    line.segment(),
                    line.where(),
                    line.call(),
                    line.reason(),
                    line.onFailure().equals("abort") ? "" : "; " + line.onFailure()))
        .collect(Collectors.joining());
  }
}
