package io.kapsel.cli.flag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {
  @ParameterizedTest
  @CsvSource({
    "0,0",
    "1,1",
    "64b,64",
    "64k,65536",
    "64m,67108864",
    "64M,67108864",
    "64mb,67108864",
    "64MiB,67108864",
    "1.5g,1610612736",
    "1 g,1073741824",
    "2T,2199023255552"
  })
  void sizesAreInPowersOf1024(String text, long bytes) {
    assertThat(Values.size(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "m", "-1", "64x", "1e3", "99999999999p"})
  void whatIsNoSizeIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Values.size(text))
        .withMessageStartingWith("invalid size: '" + text + "' is ");
  }

  @Test
  void noLimitIsMinusOne() {
    assertThat(Values.sizeOrUnlimited("-1")).isEqualTo(-1);
    assertThat(Values.sizeOrUnlimited("1k")).isEqualTo(1024);
  }

  @ParameterizedTest
  @CsvSource({"0.5,500000000", "2,2000000000", ".1,100000000", "1.000000001,1000000001"})
  void processorsAreCountedInBillionths(String text, long nanos) {
    assertThat(Values.nanoCpus(text)).isEqualTo(nanos);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "1/3", "0.0000000001", "99999999999999"})
  void whatIsNoNumberOfProcessorsIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Values.nanoCpus(text));
  }

  @Test
  void anOomScoreHasItsRange() {
    assertThat(Values.score("-1000")).isEqualTo(-1000);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Values.score("1001"))
        .withMessage("is not between -1000 and 1000");
  }
}
