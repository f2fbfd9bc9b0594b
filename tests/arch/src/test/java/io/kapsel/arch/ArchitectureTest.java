package io.kapsel.arch;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Holds the product's classes to {@link Rules}. */
class ArchitectureTest {
  private static final JavaClasses PRODUCT =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.kapsel");

  @Test
  void everyModuleIsLookedAt() {
    Map<String, Long> counts =
        PRODUCT.stream().collect(Collectors.groupingBy(Rules::moduleOf, Collectors.counting()));

    assertThat(counts).containsOnlyKeys(Rules.FLOORS.keySet());
    assertThat(PRODUCT).as("classes that the importer found").hasSizeGreaterThan(MINIMUM);
  }

  /** Far below what there is: it only tells an importer that finds nothing from a clean product. */
  private static final int MINIMUM = 5;

  @Test
  void modulesUseLowerFloors() {
    check(Rules.MODULES_USE_LOWER_FLOORS);
  }

  @Test
  void packagesHaveNoCycle() {
    check(Rules.PACKAGES_HAVE_NO_CYCLE);
  }

  @Test
  void foreignMemoryStaysInLinux() {
    check(Rules.FOREIGN_MEMORY_STAYS_IN_LINUX);
  }

  @Test
  void standardStreamsBelongToCli() {
    check(Rules.STANDARD_STREAMS_BELONG_TO_CLI);
  }

  @Test
  void exceptionsSayWhatFailed() {
    check(Rules.EXCEPTIONS_SAY_WHAT_FAILED);
  }

  @Test
  void rootFilesAreReachedByDescriptors() {
    check(Rules.ROOT_FILES_ARE_REACHED_BY_DESCRIPTORS);
  }

  @Test
  void programsAreStartedByLinux() {
    check(Rules.PROGRAMS_ARE_STARTED_BY_LINUX);
  }

  @Test
  void nothingIsSerialized() {
    check(Rules.NOTHING_IS_SERIALIZED);
  }

  @Test
  void errnoNumbersStayInLinux() {
    check(Rules.ERRNO_NUMBERS_STAY_IN_LINUX);
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(PRODUCT);
  }
}
