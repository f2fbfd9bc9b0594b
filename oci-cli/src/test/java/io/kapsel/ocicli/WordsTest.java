package io.kapsel.ocicli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** How a command line is taken apart, which callers of runtimes rely on. */
class WordsTest {
  private static final List<Option> OPTIONS =
      List.of(
          Option.toggle("detach, d", ""),
          Option.of("env, e", "NAME=VALUE", ""),
          Option.of("cwd", "DIR", ""));

  private static Words parse(String... words) {
    return Words.parse(List.of(words), OPTIONS);
  }

  @Test
  void oneDashIsAsGoodAsTwo() {
    assertThat(parse("-detach", "--d", "id").is("detach")).isTrue();
    assertThat(parse("-cwd=/x", "id").last("cwd")).contains("/x");
    assertThat(parse("--cwd", "/y", "id").last("cwd")).contains("/y");
  }

  @Test
  void whatFollowsTheFirstOperandIsTheProgram() {
    Words words = parse("-e", "A=1", "--env=B=2", "id", "ls", "-d");

    assertThat(words.all("env")).containsExactly("A=1", "B=2");
    assertThat(words.operands()).containsExactly("id", "ls", "-d");
    assertThat(words.is("detach")).isFalse();
  }

  @Test
  void optionsMayFollowWhereNoProgramDoes() {
    Words words = Words.parse(List.of("id", "--detach"), OPTIONS, true);

    assertThat(words.operands()).containsExactly("id");
    assertThat(words.is("detach")).isTrue();
  }

  @Test
  void twoDashesEndTheOptions() {
    assertThat(Words.parse(List.of("--", "-d"), OPTIONS, true).operands()).containsExactly("-d");
  }

  @Test
  void aToggleCanBeTurnedOff() {
    assertThat(parse("--detach=false").is("detach")).isFalse();
  }

  @Test
  void unknownAndIncompleteOptionsAreRefused() {
    assertThatThrownBy(() -> parse("--nope"))
        .isInstanceOf(OciException.class)
        .hasMessage("flag provided but not defined: -nope");
    assertThatThrownBy(() -> parse("--cwd"))
        .isInstanceOf(OciException.class)
        .hasMessage("flag needs an argument: -cwd");
  }
}
