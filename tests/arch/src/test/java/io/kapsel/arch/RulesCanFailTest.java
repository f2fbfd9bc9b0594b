package io.kapsel.arch;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import io.kapsel.base.fixture.Bad;
import io.kapsel.engine.fixture.Above;
import io.kapsel.linux.fixture.Errno;
import io.kapsel.runtime.fixture.ByPath;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A rule that no class can break holds nothing: each must fail on a class made to break it. */
class RulesCanFailTest {
  private static final JavaClasses BAD =
      new ClassFileImporter().importClasses(Bad.class, Above.class, Errno.class, ByPath.class);

  static Stream<ArchRule> rules() {
    return Stream.of(
        Rules.MODULES_USE_LOWER_FLOORS,
        Rules.PACKAGES_HAVE_NO_CYCLE,
        Rules.FOREIGN_MEMORY_STAYS_IN_LINUX,
        Rules.STANDARD_STREAMS_BELONG_TO_CLI,
        Rules.EXCEPTIONS_SAY_WHAT_FAILED,
        Rules.ROOT_FILES_ARE_REACHED_BY_DESCRIPTORS,
        Rules.PROGRAMS_ARE_STARTED_BY_LINUX,
        Rules.NOTHING_IS_SERIALIZED,
        Rules.ERRNO_NUMBERS_STAY_IN_LINUX);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void aBadClassBreaksTheRule(ArchRule rule) {
    assertThat(rule.evaluate(BAD).hasViolation()).as(rule.getDescription()).isTrue();
  }
}
