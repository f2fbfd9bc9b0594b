package io.kapsel.image.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Relations are read as Debian Policy, 7.1, has them. */
class DependencyTest {
  @Test
  void commasMeanAndAndBarsMeanOr() {
    List<List<Dependency>> all =
        Dependency.parse("libc6 (>= 2.36), debconf (>= 0.5) | debconf-2.0,perl:any,");

    assertThat(all).hasSize(3);
    assertThat(all.get(1)).extracting(Dependency::name).containsExactly("debconf", "debconf-2.0");
    assertThat(all.get(2).getFirst().architecture()).contains("any");
    assertThat(all.getFirst().getFirst()).hasToString("libc6 (>= 2.36)");
  }

  @ParameterizedTest
  @CsvSource({
    "<<, 1, true", "<<, 2, false", "<=, 2, true", "<=, 3, false", "=, 2, true", "=, 3, false",
    ">=, 2, true", ">=, 1, false", ">>, 3, true", ">>, 2, false", "<, 2, true", ">, 2, true"
  })
  void aBoundAllowsSomeVersions(String operator, String version, boolean allowed) {
    Dependency.Bound bound =
        Dependency.parse("a (" + operator + "2)").getFirst().getFirst().bound().orElseThrow();

    assertThat(bound.allows(new PackageVersion(version))).isEqualTo(allowed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "a (2)", "a (>= )", "(>= 1)", "a |", "a (=> 1)", "ä"})
  void whatIsNoRelationIsRefused(String text) {
    assertThatThrownBy(() -> Dependency.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
