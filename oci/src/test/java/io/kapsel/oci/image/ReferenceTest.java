package io.kapsel.oci.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.oci.InvalidSpecException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Row I17: what may be a name, and which name it is. */
class ReferenceTest {
  private static final String HEX = "a3".repeat(32);

  @ParameterizedTest
  @CsvSource({
    "debian, docker.io/library/debian",
    "debian:12, docker.io/library/debian:12",
    "team/app, docker.io/team/app",
    "docker.io/debian, docker.io/library/debian",
    "index.docker.io/debian, docker.io/library/debian",
    "localhost/app, localhost/app",
    "localhost:5000/app:1, localhost:5000/app:1",
    "127.0.0.1:5000/team/app:v1.2_x, 127.0.0.1:5000/team/app:v1.2_x",
    "reg.example/a__b/c-d--e.f, reg.example/a__b/c-d--e.f",
    "[::1]:5000/app, [::1]:5000/app",
    "Reg/app, Reg/app",
    "a/b/c/d/e, docker.io/a/b/c/d/e",
  })
  void namesBecomeWhole(String text, String whole) {
    assertThat(Reference.parse(text)).hasToString(whole);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "@",
        "a:",
        "a@",
        "A",
        "debian:-x",
        "debian:a/b",
        "a//b",
        "/a",
        "a/",
        "a..b",
        "../a",
        "a/../b",
        "a___b",
        "-a",
        "a-",
        "a.b:99999/c",
        "a.b:x/c",
        "-a.b/c",
        "user:pass@host/a",
        "http://a/b",
        "а/b",
        "a b",
        "a\nb",
        "a@sha256:12",
        "a@md5:d41d8cd98f00b204e9800998ecf8427e",
        "[fe80::1%eth0]:5000/a",
        "[:51]:5000/a",
        "300.1.1.1/a",
        "registry.1/a",
      })
  void whatIsNoNameIsRefused(String text) {
    assertThatThrownBy(() -> Reference.parse(text)).isInstanceOf(InvalidSpecException.class);
  }

  @Test
  void aWholeIdIsNoName() {
    assertThatThrownBy(() -> Reference.parse(HEX)).isInstanceOf(InvalidSpecException.class);
  }

  @Test
  void aDigestWinsOverATag() {
    Reference both = Reference.parse("debian:12@sha256:" + HEX);

    assertThat(both.manifestName()).isEqualTo("sha256:" + HEX);
    assertThat(both.familiar()).isEqualTo("debian:12@sha256:" + HEX);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"debian", "team/app", "library/a/b", "localhost:5000/x", "docker.io/a.io/b"})
  void theFamiliarFormMeansTheSame(String text) {
    Reference reference = Reference.parse(text);

    assertThat(Reference.parse(reference.familiar())).isEqualTo(reference);
  }

  @Test
  void namesHaveALimit() {
    assertThatThrownBy(() -> Reference.parse("a".repeat(250)))
        .isInstanceOf(InvalidSpecException.class);
    assertThatThrownBy(() -> Reference.parse("a:" + "b".repeat(129)))
        .isInstanceOf(InvalidSpecException.class);
  }

  @Test
  void noTextBreaksTheParserAndWhatItTakesItTakesAgain() {
    SplittableRandom random = new SplittableRandom(17);
    String alphabet = "aB0._-:/@[]%~ \u0000\u00e9localhost.docker.io";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(40); length > 0; length--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        Reference read = Reference.parse(text.toString());
        assertThat(Reference.parse(read.toString())).isEqualTo(read);
        assertThat(read.path()).doesNotContain("..");
      } catch (InvalidSpecException _) {
        // the only way to say no
      }
    }
  }
}
