package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.spec.Owners.Range;
import io.kapsel.oci.IdMapping;
import java.util.List;
import org.junit.jupiter.api.Test;

class OwnedTreesTest {
  @Test
  void whatIsOnTheDiskIsShownAsTheContainersOwn() {
    assertThat(
            OwnedTrees.mappings(
                List.of(new Range(0, 100000, 1000), new Range(1000, 1000, 1)), 7_000_000))
        .containsExactly(new IdMapping(100000, 7_000_000, 1000), new IdMapping(1000, 7_001_000, 1));
  }

  @Test
  void noneIsShownAsAnotherContainers() {
    assertThat(
            OwnedTrees.mappings(
                List.of(new Range(0, 1_000_000, 1_000_000_000), new Range(65536, 1, 5)), 500_000))
        .containsExactly(new IdMapping(1_000_000, 500_000, 65536));
  }
}
