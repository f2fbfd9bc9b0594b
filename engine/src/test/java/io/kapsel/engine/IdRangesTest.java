package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who has which ids of the host. */
class IdRangesTest {
  @TempDir Path directory;

  @Test
  void givesEachRangeOnce() {
    IdRanges ranges = new IdRanges(List.of());
    Set<Long> given = new HashSet<>();
    for (int i = 0; i < 20_479; i++) {
      long base = ranges.take();
      assertThat(base).isBetween(0x2000_0000L, 0x6ffe_0000L);
      assertThat(base % 65_536).isZero();
      assertThat(given.add(base)).isTrue();
    }
    assertThatThrownBy(ranges::take).isInstanceOf(EngineException.Refused.class);
    ranges.release(0x2001_0000L);
    assertThat(ranges.take()).isEqualTo(0x2001_0000L);
  }

  @Test
  void givesAllItsOwnWhereFilesCannotBeShownWithOthers() {
    IdRanges ranges = new IdRanges(List.of(), true);

    assertThat(ranges.take()).isZero();
    assertThat(ranges.take()).isZero();
    ranges.release(0);
    assertThat(ranges.take()).isZero();
  }

  @Test
  void doesNotGiveARangeAgainAtOnce() {
    IdRanges ranges = new IdRanges(List.of());
    long first = ranges.take();
    ranges.release(first);

    assertThat(ranges.take()).isNotEqualTo(first);
  }

  @Test
  void keepsOutOfWhatOthersHave() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("subuid"),
            "# comment\nweb:536870911:65538\nbroken:x:1\nhuge:99999999999999999999:1\n");
    IdRanges ranges = new IdRanges(List.of(file, directory.resolve("missing")));

    assertThat(ranges.take()).isEqualTo(0x2002_0000L);
  }

  @Test
  void keepsOutOfWhatWasGivenBeforeARestart() {
    IdRanges ranges = new IdRanges(List.of());
    ranges.mark(0x2000_0000L);

    assertThat(ranges.take()).isEqualTo(0x2001_0000L);
  }

  @Test
  void aSharedRangeIsFreeWhenNobodyHasItAnyMore() {
    IdRanges ranges = new IdRanges(List.of());
    long shared = ranges.take();
    for (int i = 1; i < 20_479; i++) {
      ranges.take();
    }
    ranges.mark(shared);
    ranges.release(shared);
    assertThatThrownBy(ranges::take).isInstanceOf(EngineException.Refused.class);
    ranges.release(shared);

    assertThat(ranges.take()).isEqualTo(shared);
  }
}
