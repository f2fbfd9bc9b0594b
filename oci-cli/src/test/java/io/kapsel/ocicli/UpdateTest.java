package io.kapsel.ocicli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.base.Json;
import io.kapsel.oci.Resources;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** New limits over old ones. */
class UpdateTest {
  private static Resources resources(String json) {
    return Json.read(json.getBytes(StandardCharsets.UTF_8), Resources.class);
  }

  private static Update update(String old, String wanted) {
    return Update.of(resources(old), resources(wanted));
  }

  @Test
  void whatBelongsTogetherIsWrittenTogetherAndNothingElse() {
    Resources.Cpu changed =
        update(
                "{\"cpu\":{\"shares\":100,\"quota\":5000,\"period\":10000,\"cpus\":\"0\"}}",
                "{\"cpu\":{\"quota\":2000}}")
            .changed()
            .cpu()
            .orElseThrow();

    assertThat(changed.quota()).contains(2000L);
    assertThat(changed.period()).contains(10000L);
    assertThat(changed.shares()).isEmpty();
    assertThat(changed.cpus()).isEmpty();
  }

  @Test
  void whatIsNotNamedStaysAsItWas() {
    Update update =
        update(
            "{\"memory\":{\"limit\":10,\"reservation\":5},\"pids\":{\"limit\":7}}",
            "{\"memory\":{\"swap\":20}}");

    assertThat(update.changed().pids()).isEmpty();
    assertThat(update.all().pids()).contains(new Resources.Pids(java.util.Optional.of(7L)));
    assertThat(update.all().memory().orElseThrow().reservation()).contains(5L);
    assertThat(update.changed().memory().orElseThrow().limit()).contains(10L);
    assertThat(update.changed().memory().orElseThrow().reservation()).isEmpty();
  }

  @Test
  void withoutALimitOfMemoryThereIsNoneForSwapEither() {
    Update update =
        update("{\"memory\":{\"limit\":10,\"swap\":20}}", "{\"memory\":{\"limit\":-1}}");

    assertThat(update.changed().memory().orElseThrow().swap()).contains(-1L);
  }

  @Test
  void zeroIsAsIfAbsent() {
    Update update = update("{\"cpu\":{\"shares\":100}}", "{\"cpu\":{\"shares\":0,\"cpus\":\"\"}}");

    assertThat(update.all().cpu().orElseThrow().shares()).contains(100L);
  }
}
