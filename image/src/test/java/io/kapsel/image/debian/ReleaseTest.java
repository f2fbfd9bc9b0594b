package io.kapsel.image.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What a Release file says. */
class ReleaseTest {
  private static final String TEXT =
      """
      Suite: oldstable
      Codename: bookworm
      Date: Sat, 11 Jul 2026 10:16:37 UTC
      Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC
      Acquire-By-Hash: yes
      Components: main contrib
      SHA256:
       %s 50060337 main/binary-amd64/Packages
       %s     1234 main/binary-amd64/Packages.gz
      """
          .formatted("a".repeat(64), "b".repeat(64));

  @Test
  void filesAreFoundByTheirPaths() {
    Release release = Release.parse(TEXT);

    assertThat(release.file("main/binary-amd64/Packages.gz"))
        .contains(new Release.File("b".repeat(64), 1234));
    assertThat(release.file("main/binary-arm64/Packages")).isEmpty();
  }

  @Test
  void namesAndTimesAreRead() {
    Release release = Release.parse(TEXT);

    assertThat(release.codename()).contains("bookworm");
    assertThat(release.date()).isEqualTo(Instant.parse("2026-07-11T10:16:37Z"));
    assertThat(release.validUntil()).contains(Instant.parse("2026-07-18T10:16:37Z"));
    assertThat(release.byHash()).isTrue();
    assertThat(release.components()).containsExactly("main", "contrib");
  }

  @Test
  void aReleaseWithoutHashesIsRefused() {
    assertThatThrownBy(() -> Release.parse(TEXT.substring(0, TEXT.indexOf("SHA256"))))
        .hasMessage("the field 'SHA256' is missing");
    assertThatThrownBy(() -> Release.parse(TEXT.replace("aaaa", "AAAA")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Release.parse(TEXT.replace("11 Jul", "11 Quintilis")))
        .hasMessageContaining("is not a date");
  }
}
