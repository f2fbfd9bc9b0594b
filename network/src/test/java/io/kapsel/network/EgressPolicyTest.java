package io.kapsel.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What words in {@code --egress} mean. */
class EgressPolicyTest {
  private static EgressPolicy policy(String... texts) {
    return EgressPolicy.parse(List.of(texts));
  }

  @Test
  void anAllowListForbidsTheRestAndADenyListDoesNot() {
    assertThat(policy().restricts()).isFalse();
    assertThat(policy("allow").restricts()).isFalse();
    assertThat(policy("deny").closed()).isTrue();
    assertThat(policy("allow=10.0.0.0/8").closed()).isTrue();
    assertThat(policy("deny=10.0.0.0/8").closed()).isFalse();
    assertThat(policy("deny=10.0.0.0/8").restricts()).isTrue();
    assertThat(policy("deny", "allow 1.2.3.4").closed()).isTrue();
  }

  @Test
  void namesAreExactOrAllBelowOne() {
    EgressPolicy policy = policy("allow=Example.org:443,*.example.net", "deny=bad.example.net");

    assertThat(policy.permits("example.org")).isTrue();
    assertThat(policy.permits("www.example.org")).isFalse();
    assertThat(policy.permits("badexample.net")).isFalse();
    assertThat(policy.permits("example.net")).isFalse();
    assertThat(policy.permits("a.b.example.net")).isTrue();
    assertThat(policy.permits("bad.example.net")).isFalse();
    assertThat(policy.portsOf("example.org")).containsExactly(443);
    assertThat(policy.portsOf("x.example.net")).containsExactly(0);
  }

  @Test
  void addressesHavePortsInTheUsualForms() {
    EgressPolicy policy = policy("allow=10.1.2.3/8:80,[2001:db8::1]:443,2001:db8:1::/48");

    assertThat(policy.allowed().stream().map(it -> it.network().orElseThrow() + " " + it.port()))
        .containsExactly("10.0.0.0/8 80", "2001:db8::1/128 443", "2001:db8:1::/48 0");
  }

  @Test
  void whatIsNeitherIsRefused() {
    for (String wrong :
        List.of(
            "maybe",
            "allow=",
            "deny= ",
            "allow=1.2.3",
            "allow=1.2.3.4/33",
            "allow=a..b",
            "allow=[::1",
            "allow=a.b:",
            "allow=a.b:70000",
            "allow=*",
            "allow=-",
            "allow=x\n",
            "allow=a_\u00e4")) {
      assertThatThrownBy(() -> policy(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("--egress");
    }
    assertThatThrownBy(() -> policy("allow", "deny")).hasMessageContaining("both");
  }
}
