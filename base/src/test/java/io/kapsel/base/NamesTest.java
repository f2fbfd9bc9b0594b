package io.kapsel.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Names and identifiers. */
class NamesTest {
  @Test
  void generatesValidNamesThatAreFree() {
    Set<String> names = new HashSet<>();
    SecureRandom random = new SecureRandom();
    for (int i = 0; i < 50_000; i++) {
      String name = Names.generate(random, names::contains);
      assertThat(Names.isValid(name)).isTrue();
      assertThat(names.add(name)).isTrue();
    }
  }

  @Test
  void knowsWhichNamesAreValid() {
    assertThat(Names.isValid("web-1.2_x")).isTrue();
    for (String bad : new String[] {"", "a", "-web", "we b", "../x", "wéb", "x".repeat(201)}) {
      assertThat(Names.isValid(bad)).as(bad).isFalse();
    }
  }

  @Test
  void makesWholeIdentifiers() {
    String id = HexId.random();

    assertThat(HexId.isWhole(id)).isTrue();
    assertThat(HexId.isWhole(HexId.abbreviate(id))).isFalse();
    assertThat(HexId.isPrefix(HexId.abbreviate(id))).isTrue();
    assertThat(HexId.isPrefix("../etc")).isFalse();
  }
}
