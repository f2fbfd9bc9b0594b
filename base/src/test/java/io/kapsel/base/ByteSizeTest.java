package io.kapsel.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes as the users of Docker know them. */
class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1024, 1024",
    "64m, 67108864",
    "64M, 67108864",
    "1g, 1073741824",
    "1.5k, 1536",
    "512b, 512",
    "2KiB, 2048",
    "2kb, 2048",
    "1 gb, 1073741824"
  })
  void readsWhatDockerReads(String text, long bytes) {
    assertThat(ByteSize.parse(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "m", "-1", "1x", "1mm", "0x10", "1,5m", "9999999999g"})
  void refusesTheRest(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'");
  }

  @Test
  void printsLikeDocker() {
    assertThat(ByteSize.printBinary(64 << 20)).isEqualTo("64MiB");
    assertThat(ByteSize.printBinary(1_234_567)).isEqualTo("1.177MiB");
    assertThat(ByteSize.printBinary(0)).isEqualTo("0B");
    assertThat(ByteSize.printDecimal(1_240_000)).isEqualTo("1.24MB");
    assertThat(ByteSize.printDecimal(999)).isEqualTo("999B");
    assertThat(ByteSize.printDecimal(122_000)).isEqualTo("122kB");
  }
}
