package io.kapsel.network.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class KnownAnswersTest {
  private final KnownAnswers known = new KnownAnswers();
  private final ByteBuffer found = ByteBuffer.allocate(512);

  private static ByteBuffer message(int id, String rest) {
    byte[] bytes = rest.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(2 + bytes.length).putShort((short) id).put(bytes).flip();
  }

  @Test
  void anAnswerIsFoundForTheSameQuestionUnderItsOwnNumber() {
    assertThat(known.find(message(1, "web?"), 1, found)).isFalse();
    known.keep(message(1, "web?"), 1, message(1, "it is here"));

    assertThat(known.find(message(7, "web?"), 1, found)).isTrue();
    assertThat(found).isEqualTo(message(7, "it is here"));
    assertThat(known.find(message(7, "wet?"), 1, found)).isFalse();
    assertThat(known.find(message(7, "web?x"), 1, found)).isFalse();
  }

  @Test
  void nothingIsFoundOfWhatWasKnownBefore() {
    known.keep(message(1, "web?"), 1, message(1, "it was here"));

    assertThat(known.find(message(1, "web?"), 2, found)).isFalse();
  }

  @Test
  void manyAndLongQuestionsAreNotKept() {
    for (int i = 0; i < 10_000; i++) {
      known.keep(message(1, "q" + i), 1, message(1, "a" + i));
    }
    int kept = 0;
    for (int i = 0; i < 10_000; i++) {
      kept += known.find(message(1, "q" + i), 1, found) ? 1 : 0;
    }
    assertThat(kept).isBetween(1, 64);
    known.keep(message(1, "x".repeat(500)), 1, message(1, "y"));
    assertThat(known.find(message(1, "x".repeat(500)), 1, found)).isFalse();
  }
}
