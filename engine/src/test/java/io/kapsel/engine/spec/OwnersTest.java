package io.kapsel.engine.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.oci.IdMapping;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OwnersTest {
  @Test
  void showWhatIsOnTheDiskAsTheContainersOwn() {
    Owners owners = Owners.parse(List.of("u:0:100000:1000", "u 1000 1000 1", "g:0:5:10"));

    assertThat(owners.usersFrom(7_000_000, 65536))
        .containsExactly(new IdMapping(100000, 7_000_000, 1000), new IdMapping(1000, 7_001_000, 1));
    assertThat(owners.groupsFrom(0, 65536)).containsExactly(new IdMapping(5, 0, 10));
  }

  @Test
  void goNoFurtherThanTheContainersIds() {
    Owners owners = Owners.parse(List.of("b:0:1000000:1000000000", "b:2000000000:1:5"));

    assertThat(owners.usersFrom(500_000, 65536))
        .containsExactly(new IdMapping(1000000, 500_000, 65536));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "x:0:1:2 ; is not u|g|b:INSIDE:HOST:COUNT",
        "b:0:1 ; is not u|g|b:INSIDE:HOST:COUNT",
        "b:0:1:-1 ; is not u|g|b:INSIDE:HOST:COUNT",
        "b:0:1:0 ; are no ids",
        "b:0:4294967295:1 ; are no ids",
        "u:0:1:2 ; owners of groups are missing",
        "g:0:1:2 ; owners of users are missing",
        "b:0:10:5,b:4:100:1 ; overlap",
        "b:0:10:5,b:9:14:1 ; overlap",
      })
  void thatMakeNoSense(String texts, String reason) {
    List<String> all = Arrays.asList(texts.split(","));
    assertThatThrownBy(() -> Owners.parse(all))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining(reason);
  }
}
