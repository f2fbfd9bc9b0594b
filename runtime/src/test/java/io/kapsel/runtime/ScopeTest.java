package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.device.DeviceRule;
import io.kapsel.oci.Resources;
import io.kapsel.systemd.UnitProperty;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a container becomes a unit of systemd. */
class ScopeTest {
  private static final String DRIVERS =
      "Character devices:\n  1 mem\n136 pts\n\nBlock devices:\n  8 sd\n";

  @ParameterizedTest
  @CsvSource({
    "machine.slice:pre:web, machine.slice/pre-web.scope",
    "machine-a-b.slice:pre:web, machine.slice/machine-a.slice/machine-a-b.slice/pre-web.scope",
    "machine.slice::web, machine.slice/web.scope",
    "-.slice:pre:web, pre-web.scope",
    ":pre:web, usual.slice/pre-web.scope",
    "machine.slice:pre:machine-web.slice, machine.slice/machine-web.slice",
    "'', usual.slice/runc-id.scope",
  })
  void isNamedByThreeParts(String path, String wanted) {
    assertThat(Scope.of(path, "id", "usual.slice").path()).isEqualTo(wanted);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/a/b", "a:b", "a.slice:b:c:d", "a:b:c", "a--b.slice:b:c", "a/b.slice:b:c"})
  void anythingElseIsRefused(String path) {
    assertThatThrownBy(() -> Scope.of(path, "id", "usual.slice"))
        .isInstanceOf(LaunchException.class);
  }

  @Test
  void aUnitHasNoSlashes() {
    assertThatThrownBy(() -> Scope.of("a.slice:b:../c", "id", "usual.slice"))
        .hasMessageContaining("names no unit of systemd: 'b-../c.scope'");
  }

  @Test
  void itsGroupIsWhereTheManagerHasItsUnits() {
    Scope scope = Scope.of("user.slice:pre:web", "id", "user.slice");
    CgroupPlace place =
        CgroupPlace.of(Hosts.current().cgroups(), scope, "/user.slice/user@1000.service");
    assertThat(place.groups().values())
        .containsExactly(
            Path.of("/sys/fs/cgroup/user.slice/user@1000.service/user.slice/pre-web.scope"));
  }

  @Test
  void limitsAreProperties() {
    String all =
        "{\"memory\":{\"limit\":100,\"reservation\":50,\"swap\":150},"
            + "\"cpu\":{\"shares\":1024,\"quota\":12345,\"period\":100000,\"cpus\":\"0,9\",\"mems\":\"0\"},"
            + "\"pids\":{\"limit\":7},\"blockIO\":{\"weight\":1000}}";
    assertThat(properties(all, Hosts.current().cgroups(), 252))
        .containsExactlyInAnyOrder(
            "MemoryMax=100",
            "MemoryLow=50",
            "MemorySwapMax=50",
            "CPUWeight=100",
            "CPUQuotaPerSecUSec=130000",
            "CPUQuotaPeriodUSec=100000",
            "AllowedCPUs=1 2",
            "AllowedMemoryNodes=1",
            "TasksMax=7",
            "IOWeight=10000");
    assertThat(properties(all, Hosts.hybrid().cgroups(), 252))
        .containsExactlyInAnyOrder(
            "MemoryLimit=100",
            "CPUShares=1024",
            "CPUQuotaPerSecUSec=130000",
            "CPUQuotaPeriodUSec=100000",
            "TasksMax=7",
            "BlockIOWeight=1000");
    assertThat(properties(all, Hosts.current().cgroups(), 240))
        .doesNotContain("CPUQuotaPeriodUSec=100000", "AllowedCPUs=1 2");
  }

  @Test
  void whatHasNoLimitIsInfinite() {
    String none = "{\"memory\":{\"limit\":-1},\"cpu\":{\"quota\":-1},\"pids\":{\"limit\":-1}}";
    assertThat(properties(none, Hosts.current().cgroups(), 252))
        .containsExactlyInAnyOrder(
            "MemoryMax=infinity",
            "MemorySwapMax=infinity",
            "CPUQuotaPerSecUSec=infinity",
            "TasksMax=infinity");
    assertThat(properties("{\"pids\":{\"limit\":0}}", Hosts.current().cgroups(), 252)).isEmpty();
  }

  @Test
  void filesOfVersionTwoAreProperties() {
    String unified =
        "{\"unified\":{\"memory.high\":\"max\",\"memory.min\":\"4096\",\"cpu.max\":\"50000 100000\","
            + "\"cpuset.cpus\":\"0-3\",\"memory.oom.group\":\"1\",\"pids.max\":\"9\"}}";
    assertThat(properties(unified, Hosts.current().cgroups(), 252))
        .containsExactlyInAnyOrder(
            "MemoryHigh=infinity",
            "MemoryMin=4096",
            "CPUQuotaPerSecUSec=500000",
            "CPUQuotaPeriodUSec=100000",
            "AllowedCPUs=15",
            "TasksMax=9");
    assertThatThrownBy(() ->
            properties("{\"unified\":{\"pids.max\":\"many\"}}", Hosts.current().cgroups(), 252))
        .hasMessageContaining("\"pids.max\" value conversion error");
  }

  @Test
  void devicesAreAListOfWhatIsAllowed() {
    List<DeviceRule> rules = new ArrayList<>(DeviceRule.defaults());
    rules.add(DeviceRule.of(true, 'b', 8, DeviceRule.ANY, "r"));
    rules.add(DeviceRule.of(true, 'c', 99, DeviceRule.ANY, "rw"));
    rules.add(DeviceRule.of(false, 'c', 10, 200, "rwm"));
    assertThat(devices(rules).getFirst().shown()).isEqualTo("DevicePolicy=strict");
    assertThat(devices(rules).getLast().shown())
        .contains("/dev/char/1:3 rwm", "char-pts rwm", "block-sd r", "char-* m")
        .doesNotContain("10:200", "99");
    assertThat(devices(List.of(DeviceRule.of(true, 'a', -1, -1, "rwm"))))
        .extracting(UnitProperty::shown)
        .containsExactly("DevicePolicy=auto", "DeviceAllow=");
  }

  private static List<UnitProperty> devices(List<DeviceRule> rules) {
    return new ScopeDevices(ScopeDevices.drivers(DRIVERS)).of(rules);
  }

  private static Set<String> properties(String json, CgroupHost host, int version) {
    Resources resources =
        io.kapsel.oci.Spec.parse(
                ("{\"ociVersion\":\"1.0.0\",\"linux\":{\"resources\":" + json + "}}")
                    .getBytes(StandardCharsets.UTF_8))
            .linux()
            .orElseThrow()
            .resources()
            .orElseThrow();
    return Set.copyOf(
        ScopeLimits.of(resources, host, version).stream().map(UnitProperty::shown).toList());
  }

  @Test
  void annotationsReplaceWhatIsThere() {
    Bundle bundle =
        new WrittenBundles(Path.of("/nowhere/bundle"), "web", Hosts.current().cgroups())
            .replacing(
                "\"linux\"",
                "\"annotations\":{\"org.systemd.property.Description\":\"'mine'\"},\"linux\"")
            .running("true");
    Scope scope = Scope.of("a.slice:b:c", "web", "usual.slice");
    assertThat(ScopeProperties.of(scope, bundle, Hosts.current(), 252, Map.of()))
        .extracting(UnitProperty::shown)
        .contains("Description=mine", "Slice=a.slice", "Delegate=yes", "IOAccounting=yes")
        .doesNotContain("Description=kapsel container web");
  }
}
