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
        "b:100000:0:65536 ; owners of users begin at 100000 inside, where the last id is 65535",
        "b:100000:0:65536 ; the order is INSIDE:HOST:COUNT",
        "u:0:0:9,g:65536:0:9,g:70000:9:9 ; owners of groups begin at 65536 inside",
      })
  void thatMakeNoSense(String texts, String reason) {
    List<String> all = Arrays.asList(texts.split(","));
    assertThatThrownBy(() -> Owners.parse(all))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void mayHaveMoreThanAContainerHas() {
    assertThat(Owners.parse(List.of("b:0:100000:1000000000", "b:1000000000:1:5")).users())
        .hasSize(2);
  }

  @Test
  void areShownByAUserNamespaceAlone() {
    ContainerSpecBuilder spec =
        new ContainerSpecBuilder(new RootSource.Host())
            .owners(Owners.parse(List.of("b:0:100000:65536")));

    assertThat(spec.build().owners()).isPresent();
    assertThatThrownBy(() -> spec.privileged(true).build())
        .isInstanceOf(InvalidRequestException.class)
        .hasMessage(
            "owners are shown as others by the user namespace, which --privileged leaves out");
  }
}
