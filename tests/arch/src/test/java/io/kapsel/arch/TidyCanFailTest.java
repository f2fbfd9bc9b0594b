package io.kapsel.arch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shows {@link Tidy} what it must find, and what it must leave alone. */
class TidyCanFailTest {
  private static final String MAIN = "engine/src/main/java/io/kapsel/engine/A.java";
  private static final String TEST = "engine/src/test/java/io/kapsel/engine/ATest.java";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        MAIN + "|Thread.sleep(5);|an event with a deadline",
        MAIN + "|e.printStackTrace();|System.Logger",
        MAIN + "|new Random();|SecureRandom",
        MAIN + "|import java.util.*;|by name",
        MAIN + "|long t = System.currentTimeMillis();|System.nanoTime()",
        MAIN + "|Runtime.getRuntime().exec(x);|Spawn",
        MAIN + "|System.exit(1);|only cli ends the process",
        MAIN + "|// TODO later|number of an issue",
        MAIN + "|// see /work/notes/x|a path of one machine",
        TEST + "|@Disabled|mend or delete",
        TEST + "|assumeTrue(root);|has failed",
        "native/launcher/a.c|p = malloc(3);|static memory",
        "native/launcher/a.c|system(x);|execve",
        "native/client/a.h|strcpy(a, b);|a length",
        "docs/a.md|no title|begin with",
      })
  void saysWhatToWriteInstead(String path, String text, String advice) {
    assertThat(Tidy.check(path, text))
        .singleElement()
        .satisfies(finding -> assertThat(finding.message()).contains(advice))
        .satisfies(finding -> assertThat(finding.line()).isEqualTo(1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cli/src/main/java/io/kapsel/cli/A.java|System.exit(1);",
        MAIN + "|// TODO(#12) when the kernel has it",
        MAIN + "|int sleepers = 1;",
        "docs/a.md|# A title",
      })
  void leavesAloneWhatIsFine(String path, String text) {
    assertThat(Tidy.check(path, text)).isEmpty();
  }

  @Test
  void longFilesAndLongFunctionsAreFound() {
    assertThat(Tidy.check(MAIN, "\n".repeat(601))).hasSize(1);
    assertThat(Tidy.check(MAIN, "\n".repeat(600))).isEmpty();
    assertThat(Tidy.check("native/a.c", "int f(void)\n{\n" + "x;\n".repeat(51) + "}\n")).hasSize(1);
    assertThat(Tidy.check("native/a.c", "int f(void)\n{\n" + "x;\n".repeat(50) + "}\n")).isEmpty();
  }

  @Test
  void brokenLinksAreFound() {
    var root = Repository.root();

    assertThat(Links.broken(root, "docs/guide/a.md", "[a](nothing-here.md)")).hasSize(1);
    assertThat(Links.broken(root, "docs/guide/a.md", "[a](../../LICENSE) [b](#b)")).isEmpty();
  }
}
