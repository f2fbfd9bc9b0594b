package io.kapsel.lxc;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.DeviceRuleRequest;
import io.kapsel.engine.spec.MountRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LxcDevicesTest {
  private static final String NULL =
      "lxc.mount.entry = /dev/null dev/net/tun none bind,create=file";

  @TempDir Path place;

  private ContainerSpec plan(String... lines) throws IOException {
    List<String> all = new ArrayList<>(List.of("lxc.rootfs.path = /srv/web"));
    all.addAll(List.of(lines));
    return LxcPlan.of(
        LxcConfig.read(Files.write(place.resolve("config"), all)), "web", Path.of("/place"));
  }

  private List<String> rules(String... lines) throws IOException {
    return plan(lines).deviceRules().stream()
        .map(each -> (each.denied() ? "not " : "") + each)
        .toList();
  }

  @Test
  void whatEveryContainerMayUseAsksForNothing() throws IOException {
    assertThat(
            rules(
                "lxc.cgroup.devices.deny = a",
                "lxc.cgroup.devices.allow = c *:* m",
                "lxc.cgroup.devices.allow = c 1:3 rwm",
                "lxc.cgroup.devices.allow = c 10:229 rwm",
                "lxc.cgroup2.devices.allow = c 136:* rwm"))
        .isEmpty();
  }

  @Test
  void othersAreAllowedWhicheverVersionTheLineIsFor() throws IOException {
    assertThat(
            rules(
                "lxc.cgroup.devices.allow = b  8:*  rw",
                "lxc.cgroup2.devices.allow = c 10:232 rwm",
                "lxc.cgroup2.devices.allow = b 8:* rw"))
        .containsExactly("c 10:232 rwm", "b 8:* rw");
  }

  @Test
  void theLastThatMatchesDecides() throws IOException {
    assertThat(
            rules(
                "lxc.cgroup2.devices.allow = c 10:232 rwm",
                "lxc.cgroup2.devices.deny = a",
                "lxc.cgroup2.devices.allow = c 4:64 rwm"))
        .containsExactly("c 4:64 rwm");
    assertThat(
            rules(
                "lxc.cgroup2.devices.deny = c 10:200 rwm",
                "lxc.cgroup2.devices.deny = c 5:* w",
                "lxc.cgroup2.devices.allow = c 5:1 rwm"))
        .containsExactly("not c 10:200 rwm", "not c 5:* w", "c 5:1 rwm");
    assertThat(
            rules(
                "lxc.cgroup2.devices.deny = c 1:3 rwm",
                "lxc.cgroup2.devices.allow = c 10:232 rwm",
                "lxc.cgroup2.devices.deny = a"))
        .containsExactly("not c 1:3 rwm");
    assertThat(
            rules(
                "lxc.cgroup.devices.allow = a",
                "lxc.cgroup2.devices.deny = a",
                "lxc.cgroup2.devices.allow = c 10:232 rwm"))
        .containsExactly("c 10:232 rwm");
    assertThat(
            rules(
                "lxc.cgroup2.devices.allow = c 10:232 rwm",
                "lxc.cgroup2.devices.deny = c 10:232 rwm",
                "lxc.cgroup2.devices.allow = c 10:232 rwm"))
        .containsExactly("not c 10:232 rwm", "c 10:232 rwm");
  }

  @Test
  void whoIsAllowedAllIsAllowedAll() throws IOException {
    assertThat(rules("lxc.cgroup.devices.allow = a")).containsExactly("a *:* rwm");
    assertThat(rules("lxc.cgroup2.devices.allow = a *:* rwm")).containsExactly("a *:* rwm");
    assertThat(DeviceRuleRequest.parse("a *:* rwm").types()).containsExactly("b", "c");
  }

  /** A node that is bound to a place in /dev is one of the container's own, with its owners. */
  @Test
  void aDeviceThatIsBoundIsGiven() throws IOException {
    ContainerSpec spec = plan(NULL);

    assertThat(spec.devices())
        .containsExactly(new DeviceRequest(Path.of("/dev/null"), "/dev/net/tun", "rwm"));
    assertThat(spec.mounts()).isEmpty();
  }

  @Test
  void whatIsSaidOfDevicesHoldsForThoseThatAreBound() throws IOException {
    ContainerSpec spec =
        plan(
            "lxc.cgroup2.devices.deny = a",
            "lxc.cgroup2.devices.allow = c 10:229 rwm",
            "lxc.mount.entry = /dev/null /srv/web/dev/fuse none bind,create=file");

    assertThat(spec.devices())
        .containsExactly(new DeviceRequest(Path.of("/dev/null"), "/dev/fuse", "m"));
    assertThat(spec.deviceRules()).containsExactly(DeviceRuleRequest.parse("c 10:229 rwm"));
  }

  @Test
  void whatIsNoDeviceIsBoundAsItIs() throws IOException {
    ContainerSpec spec =
        plan(
            "lxc.mount.entry = /dev/shm dev/shm none bind 0 0",
            "lxc.mount.entry = /dev/null srv/null none bind 0 0",
            "lxc.mount.entry = " + place + " dev/place none bind 0 0",
            "lxc.mount.entry = /dev/does-not-exist dev/x none bind,optional,create=file 0 0");

    assertThat(spec.devices()).isEmpty();
    assertThat(spec.mounts())
        .extracting(MountRequest::target)
        .containsExactly("/dev/shm", "/srv/null", "/dev/place");
  }
}
