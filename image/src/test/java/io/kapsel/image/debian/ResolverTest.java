package io.kapsel.image.debian;

import static io.kapsel.image.debian.Packages.archive;
import static io.kapsel.image.debian.Packages.of;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.image.ImageException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is chosen, and in which order. */
class ResolverTest {
  private static List<String> choose(List<String> wanted, DebianPackage... all) {
    return new Resolver(archive(all), "amd64")
        .choose(List.of(), wanted).packages().stream().map(DebianPackage::toString).toList();
  }

  @Test
  void whatIsNeededComesFirst() {
    assertThat(
            choose(
                List.of("a"),
                of("a", "1", "Depends: b, c"),
                of("b", "1", "Depends: c"),
                of("c", "1")))
        .containsExactly("c 1", "b 1", "a 1");
  }

  @Test
  void theNewestVersionIsTaken() {
    assertThat(choose(List.of("a"), of("a", "1.9"), of("a", "1.10"), of("a", "1.10~rc1")))
        .containsExactly("a 1.10");
  }

  @Test
  void theFirstAlternativeThatCanBeHadIsTaken() {
    assertThat(
            choose(
                List.of("a"),
                of("a", "1", "Depends: gone | b (>= 2) | c"),
                of("b", "1"),
                of("c", "1")))
        .containsExactly("c 1", "a 1");
  }

  @Test
  void anAlternativeThatIsThereAlreadyIsEnough() {
    assertThat(
            choose(List.of("a", "c"), of("a", "1", "Depends: b | c"), of("b", "1"), of("c", "1")))
        .containsExactlyInAnyOrder("a 1", "c 1");
  }

  @Test
  void aVirtualPackageIsProvidedByTheOneOfHighestPriority() {
    assertThat(
            choose(
                List.of("a"),
                of("a", "1", "Depends: awk"),
                of("gawk", "1", "Provides: awk", "Priority: optional"),
                of("mawk", "1", "Provides: awk", "Priority: required")))
        .containsExactly("mawk 1", "a 1");
  }

  @Test
  void aVersionedRelationNeedsAVersionedProvision() {
    assertThat(
            choose(
                List.of("a"),
                of("a", "1", "Depends: api (>= 2)"),
                of("b", "9", "Provides: api"),
                of("c", "9", "Provides: api (= 1)"),
                of("d", "9", "Provides: api (= 2)")))
        .containsExactly("d 9", "a 1");
  }

  @Test
  void aCircleEnds() {
    assertThat(choose(List.of("a"), of("a", "1", "Depends: b"), of("b", "1", "Pre-Depends: a")))
        .containsExactlyInAnyOrder("a 1", "b 1");
  }

  @Test
  void anotherArchitectureIsNotTaken() {
    DebianPackage foreign =
        DebianPackage.of(
            Stanza.parse(
                Packages.text("a", "2").replace("Architecture: amd64", "Architecture: arm64")),
            0);

    assertThat(choose(List.of("a"), of("a", "1"), foreign)).containsExactly("a 1");
    assertThatThrownBy(() -> choose(List.of("b"), of("b", "1", "Depends: a:arm64"), of("a", "1")))
        .hasMessageContaining("'a:arm64'");
  }

  @Test
  void anAlternativeThatConflictsIsPassedOver() {
    assertThat(
            choose(
                List.of("a", "d"),
                of("a", "1", "Depends: b | c"),
                of("b", "1", "Conflicts: d"),
                of("c", "1"),
                of("d", "1")))
        .contains("c 1")
        .doesNotContain("b 1");
  }

  @Test
  void whatConflictsIsNamed() {
    assertThatThrownBy(
            () -> choose(List.of("a", "b"), of("a", "1", "Breaks: b (<< 2)"), of("b", "1")))
        .isInstanceOf(ImageException.Invalid.class)
        .hasMessageMatching("cannot choose packages: '[ab] 1' conflicts with '[ab] 1'");
  }

  @Test
  void whatCannotBeHadIsNamed() {
    assertThatThrownBy(() -> choose(List.of("a"), of("a", "1", "Depends: b (>= 2)"), of("b", "1")))
        .isInstanceOf(ImageException.Invalid.class)
        .hasMessageContaining("'a 1' needs 'b (>= 2)'");
    assertThatThrownBy(() -> choose(List.of("nothing")))
        .isInstanceOf(ImageException.NotFound.class)
        .hasMessage("cannot find the package 'nothing': the archives do not have it");
  }

  @Test
  void whatIsThereForOthersSakeIsKnown() {
    DebianPackage[] all = {
      of("essential", "1", "Essential: yes", "Depends: below"),
      of("below", "1"),
      of("asked", "1", "Depends: helper"),
      of("helper", "1")
    };

    Resolver.Choice choice =
        new Resolver(archive(all), "amd64").choose(List.of("essential"), List.of("asked"));

    assertThat(choice.automatic()).containsExactly("helper");
  }
}
