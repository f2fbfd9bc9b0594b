package io.kapsel.cli.flag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules of pflag, as docker 28 shows them. */
class FlagSetTest {
  private static final Flag<Boolean> INTERACTIVE = Flag.toggle('i', "interactive", "");
  private static final Flag<Boolean> TTY = Flag.toggle('t', "tty", "");
  private static final Flag<Boolean> REMOVE = Flag.toggle("rm", "");
  private static final Flag<String> ENV = Flag.text('e', "env", "list", "");
  private static final Flag<String> PORT = Flag.text('p', "publish", "list", "");
  private static final Flag<String> NAME = Flag.text("name", "string", "");
  private static final Flag<Long> MEMORY =
      Flag.of("memory", "bytes", "", Values::size).shorthand('m');

  private static final List<Flag<?>> FLAGS =
      List.of(INTERACTIVE, TTY, REMOVE, ENV, PORT, NAME, MEMORY);
  private static final FlagSet RUN = FlagSet.untilOperand(FLAGS);
  private static final FlagSet STOP = FlagSet.of(FLAGS.toArray(Flag<?>[]::new));

  private static Arguments run(String... words) {
    return RUN.parse(List.of(words));
  }

  @Test
  void lettersOfTogglesStandTogether() {
    Arguments found = run("-it", "host:");

    assertThat(found.is(INTERACTIVE)).isTrue();
    assertThat(found.is(TTY)).isTrue();
    assertThat(found.is(REMOVE)).isFalse();
    assertThat(found.operands()).containsExactly("host:");
  }

  @Test
  void theLastLetterOfAClusterMayTakeTheNextWord() {
    assertThat(run("-ite", "A=1", "x").all(ENV)).containsExactly("A=1");
  }

  @Test
  void valuesStandApartOrJoined() {
    Arguments found = run("-e", "A=1", "-eB=2", "-e=C=3", "--env=D=4", "--env", "E=5", "-p80", "x");

    assertThat(found.all(ENV)).containsExactly("A=1", "B=2", "C=3", "D=4", "E=5");
    assertThat(found.all(PORT)).containsExactly("80");
  }

  @Test
  void aValueMayLookLikeAFlag() {
    assertThat(run("-e", "-i", "--name", "--", "x").all(ENV)).containsExactly("-i");
    assertThat(run("-e", "-i", "--name", "--", "x").last(NAME)).contains("--");
  }

  @Test
  void aValueMayBeEmpty() {
    assertThat(run("--name=", "x").last(NAME)).contains("");
    assertThat(run("--name", "", "x").last(NAME)).contains("");
  }

  @Test
  void togglesTakeFalseOnlyAfterAnEqualsSign() {
    assertThat(run("--rm=false", "x").is(REMOVE)).isFalse();
    assertThat(run("-ti=false", "x").is(INTERACTIVE)).isFalse();
    assertThat(run("-ti=false", "x").is(TTY)).isTrue();
    assertThat(run("--rm", "false").operands()).containsExactly("false");
  }

  @Test
  void theLastWordWins() {
    assertThat(run("--rm", "--rm=false", "x").is(REMOVE)).isFalse();
    assertThat(run("--name", "a", "--name", "b", "x").last(NAME)).contains("b");
  }

  @Test
  void flagsOfRunEndAtTheFirstOperand() {
    Arguments found = run("--rm", "host:", "ls", "-i", "--", "--foo");

    assertThat(found.operands()).containsExactly("host:", "ls", "-i", "--", "--foo");
    assertThat(found.is(INTERACTIVE)).isFalse();
  }

  @Test
  void twoDashesEndTheFlagsAndVanish() {
    assertThat(run("-i", "--", "-x", "y").operands()).containsExactly("-x", "y");
  }

  @Test
  void oneDashIsAnOperand() {
    assertThat(run("-", "x").operands()).containsExactly("-", "x");
  }

  @Test
  void flagsOfOtherCommandsMayFollowOperands() {
    Arguments found = STOP.parse(List.of("web", "-i", "db", "--name", "x", "--", "-y"));

    assertThat(found.operands()).containsExactly("web", "db", "-y");
    assertThat(found.is(INTERACTIVE)).isTrue();
    assertThat(found.last(NAME)).contains("x");
  }

  @Test
  void nothingIsExpandedOrUnquoted() {
    assertThat(run("--name", "\"${HOME}\"", "@file").last(NAME)).contains("\"${HOME}\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--foo x          | unknown flag: --foo",
        "--foo=1 x        | unknown flag: --foo",
        "--nam x          | unknown flag: --nam",
        "-Z               | unknown shorthand flag: 'Z' in -Z",
        "-itZe x          | unknown shorthand flag: 'Z' in -Ze",
        "-e               | flag needs an argument: 'e' in -e",
        "-ite             | flag needs an argument: 'e' in -e",
        "--name           | flag needs an argument: --name",
        "---x             | bad flag syntax: ---x",
        "--=x             | bad flag syntax: --=x",
        "-m abc x         | invalid argument \"abc\" for \"-m, --memory\" flag: invalid size: 'abc' is not a size such as 64m or 1.5g",
        "--rm=maybe x     | invalid argument \"maybe\" for \"--rm\" flag: is neither true nor false",
      })
  void aBadLineIsRefusedInDockersWords(String line, String message) {
    assertThatThrownBy(() -> run(line.split(" ")))
        .isInstanceOf(UsageException.class)
        .hasMessage(message);
  }

  @Test
  void aNameIsGivenOnlyOnce() {
    assertThatThrownBy(() -> FlagSet.of(NAME, Flag.toggle("name", "")))
        .hasMessage("two flags are called --name");
    assertThatThrownBy(() -> FlagSet.of(TTY, Flag.toggle('t', "timeout", "")))
        .hasMessage("two flags are called -t");
  }
}
