package io.kapsel.linux.host;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Which users a namespace has, by files as the kernel writes them. */
class AuthorityTest {
  private static final String ROOTLESS =
      """
               0       1000          1
               1     100000      65536
          100000     300000         10
      """;

  @Test
  void countsIdsUpToTheFirstThatIsMissing() {
    assertThat(Authority.ids("         0  537067520      65536\n")).isEqualTo(65_536);
    assertThat(Authority.ids(ROOTLESS)).isEqualTo(65_537);
    assertThat(Authority.ids("         0          0 4294967295\n")).isEqualTo(0xffff_ffffL);
  }

  @Test
  void hasNoneWithoutRoot() {
    assertThat(Authority.ids("      1000       1000          1\n")).isZero();
    assertThat(Authority.ids("")).isZero();
  }

  @Test
  void knowsAsWhomTheHostKnowsRoot() {
    assertThat(Authority.outside(ROOTLESS)).isEqualTo(1000);
  }
}
