package io.kapsel.linux.lsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Labels as text. */
class SelinuxLabelTest {
  @Test
  void labelsAreReadAndChanged() {
    SelinuxLabel label = SelinuxLabel.parse("system_u:system_r:container_t:s0:c1,c2");
    assertThat(label).isEqualTo(SelinuxLabel.parse(label.toString()));
    assertThat(label.with("type:spc_t")).hasToString("system_u:system_r:spc_t:s0:c1,c2");
    assertThat(label.with("level:s0:c7")).hasToString("system_u:system_r:container_t:s0:c7");
    assertThat(label.files()).hasToString("system_u:object_r:container_file_t:s0:c1,c2");
    assertThatThrownBy(() -> label.with("colour:red"))
        .hasMessageStartingWith("cannot use label option 'colour:red'");
    assertThatThrownBy(() -> SelinuxLabel.parse("container_t"))
        .hasMessageEndingWith("it is not user:role:type:level");
    assertThatThrownBy(() -> label.with("type:a b")).isInstanceOf(SecurityModuleException.class);
  }

  @Test
  void everyPairOfCategoriesIsAnother() {
    assertThat(SelinuxLabel.process(0).level()).isEqualTo("s0:c0,c1");
    assertThat(SelinuxLabel.process(SelinuxLabel.PAIRS - 1).level()).isEqualTo("s0:c1022,c1023");
    Set<String> seen = new HashSet<>();
    for (int pair = 0; pair < 5000; pair++) {
      assertThat(seen.add(SelinuxLabel.process(pair).level())).isTrue();
    }
    assertThatThrownBy(() -> SelinuxLabel.process(SelinuxLabel.PAIRS))
        .isInstanceOf(SecurityModuleException.class);
  }
}
