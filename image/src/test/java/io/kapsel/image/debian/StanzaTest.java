package io.kapsel.image.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Control files are read as Debian Policy, 5.1, has them. */
class StanzaTest {
  @Test
  void fieldsAreFoundWithoutRegardToCase() {
    Stanza stanza = Stanza.parse("Package: bash\nPRIORITY: required\n");

    assertThat(stanza.value("package")).isEqualTo("bash");
    assertThat(stanza.value("Priority")).isEqualTo("required");
    assertThat(stanza.find("Depends")).isEmpty();
  }

  @Test
  void furtherLinesBelongToTheField() {
    Stanza stanza = Stanza.parse("Description: a shell\n It runs things.\n .\n Well.\nSize: 1\n");

    assertThat(stanza.value("Description")).isEqualTo("a shell\n It runs things.\n .\n Well.");
    assertThat(stanza.value("Size")).isEqualTo("1");
  }

  @Test
  void aValueIsWrittenAgainAsItWas() {
    Stanza stanza = Stanza.parse("Description: with a space at the end \n more\n");

    assertThat(stanza.all()).containsEntry("Description", "with a space at the end \n more");
  }

  @Test
  void emptyLinesSeparateParagraphs() {
    assertThat(Stanza.parseAll("\n\nA: 1\n\n \nA: 2\r\n# a comment\nB: 3"))
        .extracting(each -> each.value("A"))
        .containsExactly("1", "2");
  }

  @Test
  void wordsOfAFieldMayStandInSeveralLines() {
    assertThat(Stanza.parse("Suites: a b\n  c\n").words("Suites")).containsExactly("a", "b", "c");
    assertThat(Stanza.parse("Suites: \nB: 1\n").words("Suites")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {" lost\n", "no colon\n", ": no name\n", "A: 1\nA: 2\n", "", "A: 1\n\nB: 2\n"})
  void whatIsNoParagraphIsRefused(String text) {
    assertThatThrownBy(() -> Stanza.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aFieldThatMustBeThereIsNamed() {
    assertThatThrownBy(() -> Stanza.parse("A: 1\n").value("Version"))
        .hasMessage("the field 'Version' is missing");
  }
}
