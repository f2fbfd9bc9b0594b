package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.DeviceRuleRequest;
import io.kapsel.engine.spec.RootSource;
import java.util.List;
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
}
