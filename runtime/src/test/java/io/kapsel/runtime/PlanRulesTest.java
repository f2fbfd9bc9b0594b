package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Device;
import io.kapsel.oci.Mount;
import io.kapsel.oci.User;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.LaunchPlan.Line;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The order rules on which security depends (SECURITY.md), on plans of all kinds. */
class PlanRulesTest {
  private static final Path DIRECTORY = Path.of("/var/lib/kapsel/containers/web");

  private static Bundles bundle() {
    return new Bundles(DIRECTORY, "web");
  }

  /** One of a caller, with a filter. */
  private static WrittenBundles written(HostFacts facts) {
    return new WrittenBundles(Path.of("/nowhere/bundle"), "web", facts.cgroups())
        .linux(
            "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\"],"
                + "\"action\":\"SCMP_ACT_ERRNO\"}]}");
  }

  private static LaunchPlan plan(Bundle bundle, HostFacts facts) {
    return LaunchPlanner.plan(bundle, facts);
  }

  static Stream<LaunchPlan> plans() {
    Mount volume = Mount.of("/data", "bind", "/srv", "rbind", "ro");
    User user = new User(1000, 1000, Optional.empty(), List.of(5L), Optional.empty());
    return Stream.of(Hosts.current(), Hosts.beforeDetachedLayers(), Hosts.hybrid())
        .flatMap(facts ->
            Stream.of(
                plan(bundle().running("true"), facts),
                plan(bundle().onHostUsers().withTerminal().running("sh"), facts),
                plan(bundle().withoutNewPrivileges().as(user).with(volume).running("sh"), facts),
                plan(bundle().withInit().withClocks().in("/work").running("sh"), facts),
                plan(bundle().onHostNetwork().withInput().readOnly().running("sh"), facts),
                plan(written(facts).running("true"), facts),
                plan(
                    written(facts)
                        .replacing("\"noNewPrivileges\":true", "\"noNewPrivileges\":false")
                        .running("true"),
                    facts)));
  }

  private static List<String> calls(LaunchPlan plan, String where) {
    return plan.lines().stream()
        .filter(line -> line.where().equals(where))
        .map(Line::call)
        .toList();
  }

  private static int first(List<String> calls, String start) {
    for (int i = 0; i < calls.size(); i++) {
      if (calls.get(i).startsWith(start)) {
        return i;
      }
    }
    throw new AssertionError("no call begins with " + start);
  }

  private static int last(List<String> calls, String start) {
    return calls.size() - 1 - first(calls.reversed(), start);
  }

  @ParameterizedTest
  @MethodSource("plans")
  void everyStepSaysWhy(LaunchPlan plan) {
    assertThat(plan.lines()).allSatisfy(line -> assertThat(line.reason()).isNotBlank());
  }

  @ParameterizedTest
  @MethodSource("plans")
  void limitsAndDeviceRulesAreInForceBeforeTheFirstProcess(LaunchPlan plan) {
    List<String> monitor = calls(plan, "monitor");
    List<String> later = monitor.subList(first(monitor, "clone("), monitor.size());

    assertThat(monitor).anyMatch(call -> call.startsWith("bpf(BPF_PROG_ATTACH"));
    assertThat(later)
        .noneMatch(call -> call.startsWith("bpf("))
        .noneMatch(call -> call.matches("(mkdirat|openat)\\(\\w+_(kapsel|cgroup), .*"));
    assertThat(plan.lines()).noneMatch(line -> line.call().contains("cgroup.procs"));
  }

  @ParameterizedTest
  @MethodSource("plans")
  void nothingIsMountedOrOpenedOnceTheRootIsEntered(LaunchPlan plan) {
    List<String> init = calls(plan, "init");
    List<String> after = init.subList(first(init, "pivot_root("), init.size());

    assertThat(after)
        .noneMatch(call -> call.matches("(move_mount|open_tree|fs\\w+|open\\w*|openat)\\(.*"));
    assertThat(after.get(1)).startsWith("umount2(\".\", MNT_DETACH)");
  }

  @ParameterizedTest
  @MethodSource("plans")
  void rightsAreGivenUpInTheFixedOrder(LaunchPlan plan) {
    List<String> init = calls(plan, "init");

    assertThat(
            Stream.of(
                    "pivot_root(",
                    "keyctl(KEYCTL_JOIN_SESSION_KEYRING",
                    "prctl(PR_CAPBSET_DROP",
                    "setgroups(",
                    "setresgid(",
                    "setresuid(",
                    "capset(",
                    "capget(",
                    "prctl(PR_SET_PDEATHSIG",
                    "chdir(",
                    "getcwd(",
                    "close_range(",
                    "exec(")
                .map(call -> last(init, call)))
        .isSorted();
  }

  @ParameterizedTest
  @MethodSource("plans")
  void theFilterIsTheLastThingOrPrecedesTheLossOfTheRightToInstallIt(LaunchPlan plan) {
    List<String> init = calls(plan, "init");
    int filter = first(init, "seccomp(");

    if (init.stream().anyMatch(call -> call.startsWith("prctl(PR_SET_NO_NEW_PRIVS"))) {
      assertThat(filter).isGreaterThan(last(init, "close_range("));
    } else {
      assertThat(filter).isLessThan(first(init, "capset("));
    }
    assertThat(init.getLast()).startsWith("exec(");
  }

  @ParameterizedTest
  @MethodSource("plans")
  void whatIsTakenAwayIsReadBack(LaunchPlan plan) {
    List<String> init = calls(plan, "init");
    long dropped = init.stream().filter(call -> call.startsWith("prctl(PR_CAPBSET_DROP")).count();
    long read = init.stream().filter(call -> call.startsWith("prctl(PR_CAPBSET_READ")).count();

    assertThat(read).isEqualTo(dropped).isGreaterThan(20);
    assertThat(init.subList(last(init, "capget("), init.size()))
        .filteredOn(call -> call.startsWith("expect(*sets"))
        .hasSize(3);
  }

  @Test
  void idsAreMappedAndReadBackBeforeTheInitHalfGoesOn() {
    List<String> monitor = calls(plan(bundle().running("true"), Hosts.current()), "monitor");

    assertThat(last(monitor, "expect(*uid_map_text")).isLessThan(first(monitor, "send("));
    assertThat(last(monitor, "expect(*gid_map_text")).isLessThan(first(monitor, "send("));
  }

  @Test
  void nothingIsMappedOnTheHostsUsers() {
    LaunchPlan plan = plan(bundle().onHostUsers().running("true"), Hosts.current());

    assertThat(plan.lines())
        .noneMatch(line -> line.call().matches(".*(NEWUSER|uid_map|IDMAP|fchownat).*"));
  }

  @Test
  void copiesOfHostMountsAreTakenOutOfTheHostsPeerGroups() {
    LaunchPlan plan =
        plan(
            bundle().with(Mount.of("/data", "bind", "/srv", "rbind", "ro")).running("true"),
            Hosts.current());

    assertThat(calls(plan, "monitor"))
        .anyMatch(call -> call.contains("{MOUNT_ATTR_RDONLY, MS_PRIVATE}"));
  }

  @Test
  void sysctlsAreSetBeforeTheyBecomeReadOnly() {
    LaunchPlan plan =
        plan(
            bundle().withSysctls(Map.of("net.ipv4.ip_forward", "1")).running("true"),
            Hosts.current());
    List<String> init = calls(plan, "init");

    assertThat(first(init, "openat(proc, \"sys/net/ipv4/ip_forward\""))
        .isLessThan(first(init, "open_root(proc, \"/sys\""));
  }

  @Test
  void refusesSysctlsOfTheHost() {
    for (String name : List.of("kernel.core_pattern", "vm.swappiness", "net.ipv4.ip_forward")) {
      Bundle bundle = bundle().onHostNetwork().withSysctls(Map.of(name, "1")).running("true");
      assertThatThrownBy(() -> plan(bundle, Hosts.current()))
          .isInstanceOf(LaunchException.class)
          .hasMessageContaining("sysctl '" + name + "' is not in a namespace of the container");
    }
  }

  @Test
  void refusesWhatTheHostCannotDo() {
    assertThatThrownBy(() -> plan(bundle().running("true"), Hosts.withoutUserNamespaces()))
        .hasMessageContaining("--userns=host");
    assertThat(plan(bundle().onHostUsers().running("true"), Hosts.withoutUserNamespaces()))
        .isNotNull();
  }

  @Test
  void refusesBindOptionsThatItDoesNotKnow() {
    Mount odd = Mount.of("/data", "bind", "/srv", "bind", "turbo");

    assertThatThrownBy(() -> plan(bundle().with(odd).running("true"), Hosts.current()))
        .hasMessage("a bind mount at '/data' cannot have the option 'turbo'");
  }

  @Test
  void refusesDevicesOutsideDev() {
    Device device =
        new Device("/etc/disk", "b", 8, 0, Optional.empty(), Optional.empty(), Optional.empty());

    assertThatThrownBy(() -> plan(bundle().with(device).running("true"), Hosts.current()))
        .hasMessage("a device can only be given below /dev, not at '/etc/disk'");
  }

  @Test
  void refusesMoreMountsThanAPlanCanHold() {
    Mount[] many =
        java.util.stream.IntStream.range(0, 10_000)
            .mapToObj(i -> Mount.of("/m" + i, "bind", "/srv", "bind"))
            .toArray(Mount[]::new);

    assertThatThrownBy(() -> plan(bundle().with(many).running("true"), Hosts.current()))
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining("mounts and layers cannot be given to one container");
  }

  @Test
  void limitsAreLoweredToWhatTheEngineMayGive() {
    LaunchPlan plan =
        plan(
            bundle()
                .with(new io.kapsel.oci.Process.Rlimit("RLIMIT_NOFILE", 1024, 1_000_000))
                .running("true"),
            Hosts.current());

    assertThat(calls(plan, "monitor"))
        .contains("prlimit64(pid, RLIMIT_NOFILE, {1024, 524288}, NULL)");
  }

  @Test
  void theSandboxDependsOnNeitherRootNorProgram() {
    byte[] one = plan(bundle().running("true"), Hosts.current()).sandbox().encode();
    byte[] other =
        plan(
                bundle()
                    .on(new RootFilesystem.Directory(Path.of("/srv/other")))
                    .running("sh", "-c", "exit"),
                Hosts.current())
            .sandbox()
            .encode();

    assertThat(one).isEqualTo(other);
  }
}
