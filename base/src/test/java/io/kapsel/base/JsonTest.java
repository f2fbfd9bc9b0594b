package io.kapsel.base;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Records to JSON and back. */
class JsonTest {
  enum Color {
    RED
  }

  sealed interface Source {
    record Host() implements Source {}

    record Directory(Path path) implements Source {}
  }

  record Leaf(String name, @JsonName("leafID") long id) {
    Leaf {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("a leaf needs a name");
      }
    }
  }

  record Tree(
      Leaf leaf,
      List<Tree> trees,
      Optional<Leaf> other,
      Map<String, Integer> numbers,
      boolean alive,
      Color color,
      Instant time,
      Source source) {}

  private static final Tree SMALL =
      new Tree(
          new Leaf("a", 4_000_000_000L),
          List.of(),
          Optional.empty(),
          Map.of(),
          true,
          Color.RED,
          Instant.EPOCH,
          new Source.Host());

  @Test
  void readsWhatItWrote() {
    Tree tree =
        new Tree(
            new Leaf("b\n\u0000\"", -1),
            List.of(SMALL, SMALL),
            Optional.of(new Leaf("c", 0)),
            Map.of("x", 1),
            false,
            Color.RED,
            Instant.ofEpochSecond(1, 2),
            new Source.Directory(Path.of("/srv")));

    assertThat(Json.read(Json.write(tree), Tree.class)).isEqualTo(tree);
    assertThat(Json.read(Json.print(tree).getBytes(UTF_8), Tree.class)).isEqualTo(tree);
  }

  @Test
  void leavesOutWhatIsEmpty() {
    assertThat(new String(Json.write(SMALL), UTF_8))
        .isEqualTo(
            """
            {"leaf":{"name":"a","leafID":4000000000},"alive":true,"color":"RED",\
            "time":"1970-01-01T00:00:00Z","source":{"kind":"host"}}\
            """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}|'name' is missing",
        "{\"name\":1}|'name' is not a string",
        "{\"name\":\"x\",\"leafID\":\"1\"}|'leafID' is not a whole number",
        "[]|the text is not an object",
        "{\"name\":\"x\"} x|is not JSON",
        "{\"name\":\"x\"} {}|there is more after the end",
        "{\"name\":|is not JSON",
        "{|expected close marker for Object (line 1, column 2)",
        "{\"name\":\"\"}|a leaf needs a name",
      })
  void saysWhatIsWrong(String text, String message) {
    assertThatThrownBy(() -> Json.read(text.getBytes(UTF_8), Leaf.class))
        .hasMessageContaining(message);
  }

  @Test
  void skipsWhatItDoesNotKnow() {
    byte[] text = "{\"x\":{\"y\":[1,{}]},\"name\":\"a\",\"leafID\":null}".getBytes(UTF_8);

    assertThat(Json.read(text, Leaf.class)).isEqualTo(new Leaf("a", 0));
  }
}
