package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Who hears of what. */
class EventsTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private final Events events = new Events();

  private void publish(String action) {
    events.publish("container", action, "id", Map.of());
  }

  private static Optional<String> next(Events.Reader reader) throws InterruptedException {
    return reader.next(Duration.ZERO).map(Event::action);
  }

  @Test
  void aReaderBeginsEarlyOrNow() throws InterruptedException {
    publish("one");
    Events.Reader all = events.all();
    Events.Reader later = events.next();
    publish("two");

    assertThat(next(all)).contains("one");
    assertThat(next(all)).contains("two");
    assertThat(next(later)).contains("two");
    assertThat(next(later)).isEmpty();
  }

  @Test
  void whoIsTooSlowMissesSomeAndKnowsIt() throws InterruptedException {
    Events.Reader reader = events.next();
    for (int i = 0; i < 1030; i++) {
      publish("e" + i);
    }

    assertThat(next(reader)).contains("e6");
    assertThat(reader.missed()).isEqualTo(6);
    assertThat(reader.missed()).isZero();
  }

  @Test
  void whoWaitsIsWokenAndToldOfTheEnd() throws Exception {
    Events.Reader reader = events.next();
    CompletableFuture<Optional<Event>> heard = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            heard.complete(reader.next(SOON));
          } catch (InterruptedException e) {
            heard.completeExceptionally(e);
          }
        });
    publish("one");

    assertThat(heard.get().map(Event::action)).contains("one");
    events.close();
    assertThat(reader.next(SOON)).isEmpty();
    assertThat(reader.ended()).isTrue();
  }
}
