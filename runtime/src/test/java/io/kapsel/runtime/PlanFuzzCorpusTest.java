package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What fuzzing of configurations has found stays found; {@code tests/fuzz/plan} looks for more. */
class PlanFuzzCorpusTest {
  private static List<Path> corpus() throws IOException, URISyntaxException {
    Path directory = Path.of(PlanFuzzCorpusTest.class.getResource("/fuzz/plan").toURI());
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  @TestFactory
  Stream<DynamicTest> whatWasFoundStaysFound() throws Exception {
    return corpus().stream()
        .map(file ->
            DynamicTest.dynamicTest(
                file.getFileName().toString(),
                () -> PlanFuzz.fuzzerTestOneInput(Files.readAllBytes(file))));
  }

  /** A corpus whose inputs are all refused at once would reach nothing. */
  @Test
  void theSeedsAreConfigurationsThatCanBePlanned() throws Exception {
    Path standard =
        corpus().stream().filter(each -> each.endsWith("standard")).findFirst().orElseThrow();
    String text = Files.readString(standard, StandardCharsets.UTF_8);

    assertThat(
            LaunchPlanner.plan(
                new WrittenBundles(Path.of("/nowhere"), "x", Hosts.hybrid().cgroups()).bundle(text),
                Hosts.hybrid()))
        .isNotNull();
  }
}
