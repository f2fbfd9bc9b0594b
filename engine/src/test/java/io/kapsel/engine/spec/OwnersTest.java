package io.kapsel.engine.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OwnersTest {
  @Test
  void areForUsersGroupsOrBoth() {
    Owners owners = Owners.parse(List.of("u:0:100000:1000", "b 1000 1000 1", "g:0:5:10"));

    assertThat(owners.users())
        .containsExactly(new Owners.Range(0, 100000, 1000), new Owners.Range(1000, 1000, 1));
    assertThat(owners.groups())
        .containsExactly(new Owners.Range(1000, 1000, 1), new Owners.Range(0, 5, 10));
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
