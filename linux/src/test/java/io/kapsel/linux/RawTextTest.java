package io.kapsel.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RawTextTest {
  @Test
  void anyBytesSurviveTheWayToTextAndBack() {
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(12)];
      random.nextBytes(bytes);
      assertThat(RawText.encode(RawText.decode(bytes))).isEqualTo(bytes);
    }
  }

  @Test
  void everyPairOfBytesSurvives() {
    for (int i = 0; i < 65536; i++) {
      byte[] bytes = {(byte) (i >> 8), (byte) i};
      assertThat(RawText.encode(RawText.decode(bytes))).isEqualTo(bytes);
    }
  }

  @Test
  void properTextIsPlainUtf8() {
    String text = "größe-日本-😀";
    assertThat(RawText.encode(text)).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
    assertThat(RawText.decode(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(text);
  }

  @Test
  void aByteThatIsNoUtf8IsALoneSurrogate() {
    assertThat(RawText.decode(new byte[] {'a', (byte) 0xff, 'b'})).isEqualTo("a\udcffb");
  }
}
