package io.kapsel.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Holds every file of the checkout to {@link Tidy} and the documents to each other. */
class TidyTest {
  private static final Map<String, String> FILES = Repository.files();

  @Test
  void theCheckoutIsRead() {
    assertThat(FILES)
        .containsKeys(
            "ARCHITECTURE.md", "LICENSE", "pom.xml", "linux/src/main/java/module-info.java")
        .containsKey("tests/arch/src/test/java/io/kapsel/arch/Tidy.java");
  }

  @Test
  void everyFileIsTidy() {
    List<Tidy.Finding> findings =
        FILES.entrySet().stream()
            .filter(file -> !file.getKey().endsWith("arch/Tidy.java"))
            .filter(file -> !file.getKey().endsWith("arch/TidyCanFailTest.java"))
            .flatMap(file -> Tidy.check(file.getKey(), file.getValue()).stream())
            .toList();

    assertThat(findings).isEmpty();
  }

  @Test
  void linksBetweenDocumentsLeadSomewhere() {
    List<Tidy.Finding> findings =
        FILES.entrySet().stream()
            .filter(file -> file.getKey().endsWith(".md"))
            .flatMap(
                file -> Links.broken(Repository.root(), file.getKey(), file.getValue()).stream())
            .toList();

    assertThat(findings).isEmpty();
  }

  @Test
  void everyDecisionIsListedAndComplete() {
    String list = FILES.get("docs/decisions/README.md");
    List<String> decisions =
        FILES.keySet().stream().filter(path -> path.matches("docs/decisions/\\d{4}-.*")).toList();

    assertThat(decisions).isNotEmpty();
    for (String decision : decisions) {
      assertThat(list).contains(decision.substring(decision.lastIndexOf('/') + 1));
      assertThat(FILES.get(decision))
          .as(decision)
          .contains("\n## Context\n", "\n## Choice\n", "\n## What we gave up\n");
    }
  }

  @Test
  void nativeCodeStaysSmallEnoughToReadInOneSitting() {
    long lines =
        FILES.entrySet().stream()
            .filter(file -> file.getKey().matches("native/(launcher|client)/(?!.*test).*\\.[chS]"))
            .mapToLong(file -> file.getValue().lines().filter(TidyTest::isCode).count())
            .sum();

    assertThat(lines).isLessThan(NATIVE_LINES);
  }

  /** Neither blank nor a line of a comment. */
  private static boolean isCode(String line) {
    return !line.isBlank() && !line.strip().matches("(/\\*|\\*|//).*");
  }

  private static final int NATIVE_LINES = 3_700;
}
