package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.DeviceRuleRequest;
import io.kapsel.engine.spec.LogRequest;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.RootSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What an archive that somebody else wrote must not get by itself. */
class TrustTest {
  @Test
  void devicesThatItMakesItselfAreTheHostsToo() {
    ContainerSpecBuilder spec = new ContainerSpecBuilder(new RootSource.Host());
    assertThat(Trust.asks(spec.build())).isEmpty();

    spec.deviceRules(List.of(DeviceRuleRequest.parse("b 8:* rwm")));
    assertThat(Trust.asks(spec.build())).containsExactly("devices b 8:* rwm");
  }

  @Test
  void volumesAndLogsOfTheHostAreNotItsOwn() {
    ContainerSpecBuilder spec = new ContainerSpecBuilder(new RootSource.Host());
    spec.mounts(List.of(new MountRequest.Volume("", "/v", false, true, Map.of())));
    assertThat(Trust.asks(spec.build())).isEmpty();

    spec.mounts(List.of(new MountRequest.Volume("db", "/v", false, true, Map.of())));
    spec.log(new LogRequest(LogRequest.JOURNALD, Map.of()));
    assertThat(Trust.asks(spec.build()))
        .containsExactly("the volume db", "a log that the host sends on: journald");
  }
}
