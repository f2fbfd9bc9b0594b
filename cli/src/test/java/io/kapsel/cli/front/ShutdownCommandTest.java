package io.kapsel.cli.front;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.EngineException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ShutdownCommandTest {
  private final FrontFixture kapsel = new FrontFixture(() -> Path.of("/nowhere"));

  @Test
  void stopsEverythingInItsOwnTime() {
    assertThat(kapsel.serve("system shutdown")).isZero();
    assertThat(kapsel.engine.deeds).containsExactly("shut down Optional.empty");
  }

  @Test
  void aTimeIsForEach() {
    assertThat(kapsel.serve("system shutdown -t 3")).isZero();
    assertThat(kapsel.engine.deeds).containsExactly("shut down Optional[PT3S]");
  }

  @Test
  void saysWhatCouldNotBeStopped() {
    kapsel.engine.startFailure = new EngineException.Refused("stop", "web", "it hangs");

    assertThat(kapsel.serve("system shutdown")).isEqualTo(1);
    assertThat(kapsel.err()).isEqualTo("kapsel: cannot stop 'web': it hangs\n");
  }
}
