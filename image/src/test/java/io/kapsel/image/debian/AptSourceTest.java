package io.kapsel.image.debian;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Sources in both forms of sources.list(5), and which of them a request means. */
class AptSourceTest {
  private static DebianRequest request(Optional<URI> mirror, Optional<String> snapshot) {
    return new DebianRequest(
        "bookworm",
        DebianRequest.Variant.MINIMAL,
        mirror,
        snapshot,
        List.of(),
        Optional.empty(),
        Optional.of(Path.of("/keys.gpg")));
  }

  private static List<String> archives(DebianRequest request, List<AptSource> host) {
    return Archives.of(request, host).stream().map(AptSource::toString).toList();
  }

  @Test
  void linesAreRead() {
    List<AptSource> all =
        AptSource.lines(
            """
            # deb http://old/ bookworm main
            deb [arch=amd64 signed-by=/a.gpg,/b.gpg] http://one/debian bookworm main contrib # why
            deb-src http://one/debian bookworm main
            deb http://flat/ ./
            deb nonsense
            """);

    assertThat(all).hasSize(1);
    assertThat(all.getFirst()).hasToString("deb http://one/debian bookworm main contrib");
    assertThat(all.getFirst().signedBy()).containsExactly(Path.of("/a.gpg"), Path.of("/b.gpg"));
  }

  @Test
  void paragraphsAreRead() {
    List<AptSource> all =
        AptSource.paragraphs(
            """
            Types: deb deb-src
            # a comment
            URIs: http://one/debian
            Suites: bookworm bookworm-updates
            Components: main
            Signed-By: /a.gpg

            Types: deb
            URIs: http://two/
            Suites: bookworm
            Components: main
            Enabled: no
            """);

    assertThat(all)
        .extracting(AptSource::toString)
        .containsExactly(
            "deb http://one/debian bookworm main", "deb http://one/debian bookworm-updates main");
  }

  @Test
  void theHostsSourcesOfTheSuiteAreTaken() {
    List<AptSource> host =
        AptSource.lines(
            """
            deb http://near/debian bookworm main contrib
            deb http://near/debian bookworm-updates main
            deb http://near/debian-security bookworm-security main
            deb http://other/tools stable extra
            """);

    assertThat(archives(request(Optional.empty(), Optional.empty()), host))
        .containsExactly(
            "deb http://near/debian bookworm main",
            "deb http://near/debian bookworm-updates main",
            "deb http://near/debian-security bookworm-security main");
  }

  @Test
  void anotherSuiteIsLookedForWhereTheHostsIs() {
    List<AptSource> host = AptSource.lines("deb http://near/debian trixie main\n");

    assertThat(archives(request(Optional.empty(), Optional.empty()), host))
        .containsExactly(
            "deb http://near/debian bookworm main",
            "deb http://near/debian bookworm-updates main",
            "deb http://deb.debian.org/debian-security bookworm-security main");
  }

  @Test
  void aMirrorIsTheOnlySourceThen() {
    assertThat(
            archives(
                request(Optional.of(URI.create("http://m/debian")), Optional.empty()), List.of()))
        .containsExactly("deb http://m/debian bookworm main");
  }

  @Test
  void aSnapshotIsTakenFromItsArchiveOrAMirrorOfIt() {
    Optional<String> moment = Optional.of("20250520T000000Z");

    assertThat(archives(request(Optional.empty(), moment), List.of()))
        .contains(
            "deb http://snapshot.debian.org/archive/debian/20250520T000000Z bookworm main",
            "deb http://snapshot.debian.org/archive/debian-security/20250520T000000Z"
                + " bookworm-security main");
    assertThat(archives(request(Optional.of(URI.create("file:/srv")), moment), List.of()))
        .contains("deb file:/srv/archive/debian/20250520T000000Z bookworm main");
  }

  @Test
  void aKeyringThatWasNamedIsTheOnlyOne() {
    assertThat(
            Archives.of(
                request(Optional.empty(), Optional.empty()),
                AptSource.lines("deb [signed-by=/a.gpg] http://near/debian bookworm main\n")))
        .allSatisfy(each -> assertThat(each.signedBy()).containsExactly(Path.of("/keys.gpg")));
  }
}
