package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.oci.IdMapping;
import io.kapsel.oci.Mount;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Segment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a container that runs is given is shown as a start would show it. */
class PlugPlannerTest {
  private static final List<IdMapping> USERS = List.of(new IdMapping(100000, 0x2000_0000L, 65536));
  private static final List<IdMapping> GROUPS = List.of(new IdMapping(200000, 0x2000_0000L, 65536));

  private static Segment plan(Mount mount) {
    Bundle bundle = new Bundles(Path.of("/var/lib/kapsel/containers/web"), "web").running("true");
    return new PlugPlanner(4711, bundle, Hosts.current()).mount(mount, true);
  }

  private static List<String> opened(Segment segment, Input.Kind kind) {
    return segment.inputs().stream().filter(each -> each.kind() == kind).map(Input::path).toList();
  }

  @Test
  void filesHaveTheContainersIds() {
    Segment plan = plan(Mount.of("/data", "bind", "/srv", "rbind"));

    assertThat(opened(plan, Input.Kind.READ)).containsExactly("/proc/4711/ns/user");
    assertThat(opened(plan, Input.Kind.USER_NAMESPACE)).isEmpty();
  }

  @Test
  void filesMayBelongToOtherIds() {
    Segment plan = plan(Mount.of("/data", "bind", "/srv", "rbind").withMappings(USERS, GROUPS));

    assertThat(opened(plan, Input.Kind.USER_NAMESPACE))
        .containsExactly("100000 536870912 65536\n/200000 536870912 65536\n");
    assertThat(opened(plan, Input.Kind.READ)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {Bundle.LAYER + "/somewhere", Bundle.PART + "below", "turbo"})
  void nothingElseIsLeftOutInSilence(String option) {
    Mount mount = Mount.of("/data", "bind", "/srv", "rbind", option);

    assertThatThrownBy(() -> plan(mount))
        .isInstanceOf(LaunchException.class)
        .hasMessage(
            "a mount at '/data' cannot have the option '%s' in a container that runs"
                .formatted(option));
  }
}
