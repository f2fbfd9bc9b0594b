package io.kapsel.cli.front;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code start} and {@code stop} of those that nobody has named. */
class SelectionTest {
  private final FrontFixture kapsel = new FrontFixture(() -> Path.of("/nowhere"));

  @BeforeEach
  void make() {
    kapsel.serve("create --name late --label group=db host: sleep 9");
    kapsel.serve("create --name second --label group=db --start-order 20 host: sleep 9");
    kapsel.serve("create --name other --start-order 1 host: sleep 9");
    kapsel.serve("create --name first --label group=db --start-order 10 host: sleep 9");
    kapsel.engine.deeds.clear();
  }

  @Test
  void startsInTheirOrderAndStopsTheOtherWayRound() {
    assertThat(kapsel.serve("start --filter label=group=db")).isZero();
    assertThat(kapsel.out()).isEqualTo("first\nsecond\nlate\n");
    assertThat(kapsel.serve("stop --filter label=group=db")).isZero();
    assertThat(kapsel.out()).isEqualTo("late\nsecond\nfirst\n");
    assertThat(kapsel.engine.deeds).noneMatch(deed -> deed.contains("other"));
  }

  @Test
  void allAreThoseToWhichThatCanBeDone() {
    kapsel.serve("start second");

    assertThat(kapsel.serve("start --all")).isZero();
    assertThat(kapsel.out()).isEqualTo("other\nfirst\nlate\n");
    assertThat(kapsel.serve("stop --all")).isZero();
    assertThat(kapsel.out()).isEqualTo("late\nsecond\nfirst\nother\n");
  }

  @Test
  void nothingIsFoundAndNothingIsDone() {
    assertThat(kapsel.serve("start --filter label=group=none")).isZero();
    assertThat(kapsel.engine.deeds).isEmpty();
  }

  @Test
  void namesOrARule() {
    assertThat(kapsel.serve("start")).isEqualTo(1);
    assertThat(kapsel.err()).contains("'kapsel start' requires at least 1 argument");
    assertThat(kapsel.serve("stop")).isEqualTo(1);
    assertThat(kapsel.err()).contains("'kapsel stop' requires at least 1 argument");
    assertThat(kapsel.serve("stop --all first")).isEqualTo(1);
    assertThat(kapsel.err()).contains("takes names of containers, or --all or --filter");
    assertThat(kapsel.serve("start -a --all")).isEqualTo(1);
    assertThat(kapsel.err()).contains("cannot start and attach multiple containers at once");
    assertThat(kapsel.serve("start --filter nonsense=1")).isNotZero();
    assertThat(kapsel.engine.deeds).isEmpty();
  }
}
