package io.kapsel.image.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions compare as {@code dpkg --compare-versions} says. */
class PackageVersionTest {
  @ParameterizedTest
  @CsvSource({
    "1.0, 1.1",
    "1.9, 1.10",
    "1.0~rc1, 1.0",
    "1.0~~, 1.0~",
    "1.0~beta1, 1.0~beta2",
    "1.0, 1.0a",
    "1.0a, 1.0+b",
    "1.0-1, 1.0-1+deb12u1",
    "1.0-1, 1.0-1.1",
    "1.0, 1.0-1",
    "9.9, 1:0.1",
    "1:2, 2:1",
    "2.36-9+deb12u9, 2.36-9+deb12u10",
    "1.2.3-4-5, 1.2.3-4-6",
    "0.0.0~git1, 0.0.0",
    "7.6-0x, 7.6p2-4",
    "1.0Z, 1.0a",
    "99999999999999999998, 99999999999999999999",
  })
  void theFirstIsOlder(String older, String newer) {
    PackageVersion one = new PackageVersion(older);
    PackageVersion other = new PackageVersion(newer);

    assertThat(one.compareTo(other)).isNegative();
    assertThat(other.compareTo(one)).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"1.0, 1.0-0", "0:1.0, 1.0", "1.00, 1.0", "1.0, 1.0", "01.2-03, 1.2-3"})
  void bothAreEqualInOrder(String one, String other) {
    assertThat(new PackageVersion(one).compareTo(new PackageVersion(other))).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "1 2", "-1", ":1", "1_2", "1/2", "a:1\n"})
  void whatIsNoVersionIsRefused(String text) {
    assertThatThrownBy(() -> new PackageVersion(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith("is not a package version");
  }

  @Test
  void aVersionThatIsAbsurdlyLongIsRefusedAndCut() {
    assertThatThrownBy(() -> new PackageVersion("1".repeat(2000)))
        .hasMessageContaining("…")
        .hasMessageEndingWith("is not a package version");
  }
}
