package io.kapsel.network;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** resolv.conf(5) is read and written. */
class ResolverFileTest {
  @Test
  void theLastSearchListHolds() {
    ResolverFile file =
        ResolverFile.parse(
            "# by hand\n"
                + "nameserver 10.0.0.1\n"
                + "domain old\n"
                + "search a.org  b.org\n"
                + "options ndots:2 rotate\n"
                + "nonsense\n");

    assertThat(file.nameservers()).containsExactly("10.0.0.1");
    assertThat(file.search()).containsExactly("a.org", "b.org");
    assertThat(file.text())
        .isEqualTo("nameserver 10.0.0.1\nsearch a.org b.org\noptions ndots:2 rotate\n");
    assertThat(ResolverFile.parse("").text()).isEmpty();
  }
}
