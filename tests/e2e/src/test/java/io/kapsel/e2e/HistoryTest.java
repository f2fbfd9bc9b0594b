package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;

/** A register that is set and read: what may be read when, and what may not. */
class HistoryTest {
  private static Optional<String> after(String before, String asked, String answer) {
    return asked.equals("read")
        ? Optional.of(before).filter(answer::equals)
        : Optional.of(asked.substring("set ".length()));
  }

  private static void check(History<String, String> history) {
    history.check("0", HistoryTest::after);
  }

  @Test
  void oneAfterTheOtherTheLastSetIsRead() {
    History<String, String> history = new History<>();
    history.call("set 1", () -> "");
    history.call("set 2", () -> "");
    history.call("read", () -> "2");

    assertThatCode(() -> check(history)).doesNotThrowAnyException();
  }

  @Test
  void whatWasReplacedBeforeIsNotRead() {
    History<String, String> history = new History<>();
    history.call("set 1", () -> "");
    history.call("set 2", () -> "");
    history.call("read", () -> "1");

    assertThatThrownBy(() -> check(history))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("no order explains");
  }

  @Test
  void atOnceEitherMayBeFirst() throws Exception {
    History<String, String> history = new History<>();
    CyclicBarrier all = new CyclicBarrier(3);
    AtOnce.run(
        List.of("set 1", "set 2", "read"),
        asked ->
            history.call(
                asked,
                () -> {
                  meet(all);
                  return asked.equals("read") ? "1" : "";
                }));
    history.call("read", () -> "1");

    assertThatCode(() -> check(history)).doesNotThrowAnyException();
  }

  @Test
  void afterwardsAllReadTheSame() throws Exception {
    History<String, String> history = new History<>();
    CyclicBarrier all = new CyclicBarrier(2);
    AtOnce.run(
        List.of("set 1", "set 2"),
        asked ->
            history.call(
                asked,
                () -> {
                  meet(all);
                  return "";
                }));
    history.call("read", () -> "1");
    history.call("read", () -> "2");

    assertThatThrownBy(() -> check(history)).hasMessageContaining("no order explains");
  }

  @Test
  void whatChangesNothingNowMayComeLater() throws Exception {
    History<String, String> history = new History<>();
    CyclicBarrier all = new CyclicBarrier(2);
    AtOnce.run(
        List.of("set 0", "set 1"),
        asked ->
            history.call(
                asked,
                () -> {
                  meet(all);
                  return "";
                }));
    history.call("read", () -> "0");

    assertThatCode(() -> check(history)).doesNotThrowAnyException();
  }

  private static void meet(CyclicBarrier all) {
    try {
      all.await();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
