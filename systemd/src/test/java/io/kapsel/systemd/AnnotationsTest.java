package io.kapsel.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.systemd.UnitProperty.Value;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Properties of a unit that a container's annotations set. */
class AnnotationsTest {
  @Test
  void otherAnnotationsAreNone() {
    assertThat(Annotations.properties(Map.of("a.b", "'c'"))).isEmpty();
  }

  @Test
  void typesAreKept() {
    assertThat(value("uint64 123456789")).isEqualTo(new Value.Whole(123_456_789, 't'));
    assertThat(value("uint64 18446744073709551615")).isEqualTo(new Value.Whole(-1, 't'));
    assertThat(value("@t 5")).isEqualTo(new Value.Whole(5, 't'));
    assertThat(value("-7")).isEqualTo(new Value.Whole(-7, 'i'));
    assertThat(value("byte 0x10")).isEqualTo(new Value.Whole(16, 'y'));
    assertThat(value("true")).isEqualTo(new Value.Flag(true));
    assertThat(value("1.5")).isEqualTo(new Value.Real(1.5));
    assertThat(value("'a \\'quoted\\' text'")).isEqualTo(new Value.Text("a 'quoted' text", 's'));
    assertThat(value("objectpath '/a'")).isEqualTo(new Value.Text("/a", 'o'));
  }

  @Test
  void arraysHaveOneType() {
    Value a = new Value.Text("a.service", 's');
    Value b = new Value.Text("b.service", 's');
    assertThat(value("['a.service', 'b.service']")).isEqualTo(new Value.Array(List.of(a, b), 's'));
    assertThat(value("[uint32 1, 2]"))
        .isEqualTo(new Value.Array(List.of(new Value.Whole(1, 'u'), new Value.Whole(2, 'u')), 'u'));
    assertThat(value("@as []")).isEqualTo(new Value.Array(List.of(), 's'));
  }

  @Test
  void secondsBecomeMicroseconds() {
    assertThat(property("TimeoutStopSec", "uint64 7"))
        .isEqualTo(UnitProperty.of("TimeoutStopUSec", 7_000_000));
    assertThat(property("RuntimeMaxSec", "1.5"))
        .isEqualTo(UnitProperty.of("RuntimeMaxUSec", 1_500_000));
    assertThat(property("TimeoutStopUSec", "uint64 7"))
        .isEqualTo(UnitProperty.of("TimeoutStopUSec", 7));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a", "'a", "[1, 'a']", "[", "[]", "uint32 -1", "byte 256", "1 2", "@aas []"})
  void whatIsNoValueIsRefusedByItsName(String text) {
    assertThatThrownBy(() -> property("Description", text))
        .isInstanceOf(SystemdException.class)
        .hasMessageContaining("annotation org.systemd.property.Description=" + text)
        .hasMessageContaining("value parse error");
  }

  @Test
  void aNameIsLettersAlone() {
    assertThatThrownBy(() -> property("Exec-Start", "true"))
        .hasMessageContaining("'Exec-Start' is no name of a property");
    assertThatThrownBy(() -> property("TimeoutStopSec", "'7'"))
        .hasMessageContaining("it is no number of seconds");
  }

  private static UnitProperty property(String name, String text) {
    return Annotations.properties(Map.of("org.systemd.property." + name, text)).getFirst();
  }

  private static Value value(String text) {
    return property("Anything", text).value();
  }
}
