package io.kapsel.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.kapsel.api.Container;
import io.kapsel.api.Kapsel;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.RootSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** What the extension does for tests that pass, fail, or wait for what never comes; needs root. */
class KapselExtensionIT {
  private static final List<String> SEEN = new ArrayList<>();

  @TempDir Path directory;

  /** Runs a class as JUnit would; how each of its tests ended. */
  private List<String> run(Class<?> tests) {
    SEEN.clear();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClass(tests))
            .configurationParameter("kapsel.state", directory.resolve("state").toString())
            .configurationParameter("kapsel.run", directory.resolve("run").toString())
            .build();
    List<String> ends = new ArrayList<>();
    LauncherFactory.create()
        .execute(
            request,
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                String why = result.getThrowable().map(Throwable::getMessage).orElse("");
                if (test.isTest() || !why.isEmpty()) {
                  ends.add((result.getStatus() + " " + why).strip());
                }
              }
            });
    return ends;
  }

  private Kapsel engine() {
    return Kapsel.open(directory.resolve("state"), directory.resolve("run"));
  }

  private void assertNothingIsLeft() {
    try (Kapsel kapsel = engine()) {
      assertThat(kapsel.containers()).isEmpty();
    }
  }

  @Test
  void theExampleOfTheGuideRuns() throws Exception {
    String guide = Files.readString(Path.of("../docs/guide/junit.md"));
    String example =
        Files.readString(Path.of("src/test/java/io/kapsel/junit/GreeterExample.java"))
            .replaceFirst("(?s).*@Tag\\(\"guide\"\\)\n", "");

    assertThat(guide).contains("```java\n" + example + "```");
    assertThat(run(GreeterExample.class)).containsExactly("SUCCESSFUL", "SUCCESSFUL");
    assertNothingIsLeft();
  }

  static class Fails {
    @KapselContainer(
        image = "host:",
        command = {"sleep", "1000"})
    Container container;

    @Test
    void fails() {
      SEEN.add(container.status().phase().toString());
      throw new AssertionError("no");
    }
  }

  @Test
  void theContainerOfATestThatFailsGoes() {
    assertThat(run(Fails.class)).containsExactly("FAILED no");
    assertThat(SEEN).containsExactly("RUNNING");
    assertNothingIsLeft();
  }

  static class NeverReady {
    @KapselContainer(
        image = "host:",
        command = {"sh", "-c", "echo starting; exec sleep 1000"},
        waitForLog = "started",
        timeoutSeconds = 2)
    Container container;

    @Test
    void isNotReached() {
      SEEN.add("reached");
    }
  }

  static class Dead {
    @KapselContainer(
        image = "host:",
        command = {"sh", "-c", "echo bad option"},
        waitForLog = "started")
    static Container container;

    @Test
    void isNotReached() {
      SEEN.add("reached");
    }
  }

  @Test
  void whatNeverBecomesReadyFailsTheTestWithItsLog() {
    assertThat(run(NeverReady.class))
        .singleElement()
        .asString()
        .contains("of isNotReached': 'started' is not in its log after 2 s; it has printed:")
        .endsWith("starting");
    assertThat(run(Dead.class))
        .singleElement()
        .asString()
        .contains("of all tests': 'started' is not in its log, and it has ended")
        .endsWith("bad option");
    assertThat(SEEN).isEmpty();
    assertNothingIsLeft();
  }

  static class Wrong {
    @KapselContainer(image = "host:")
    String container;

    @Test
    void isNotReached() {
      SEEN.add("reached");
    }
  }

  @Test
  void aFieldOfAnotherTypeIsRefused() {
    assertThat(run(Wrong.class)).singleElement().asString().contains("it is not of type");
    assertThat(SEEN).isEmpty();
  }

  @Test
  void containersOfADeadProcessAreRemovedAndOthersStay() {
    String gone = Leftovers.owner().replaceFirst(" \\d+ ", " 999999999 ");
    try (Kapsel kapsel = engine()) {
      kapsel.create(labelled("old", gone));
      kapsel.create(labelled("mine", Leftovers.owner()));
      kapsel.create(labelled("far", "pid:[1] 999999999 2026-01-01T00:00:00Z"));
      kapsel.create(named("other").build());
    }
    assertThat(run(Fails.class)).containsExactly("FAILED no");

    try (Kapsel kapsel = engine()) {
      assertThat(kapsel.containers().stream().map(Container::name))
          .containsExactlyInAnyOrder("mine", "far", "other");
      kapsel.containers().forEach(Container::remove);
    }
  }

  private static ContainerSpec labelled(String name, String owner) {
    return named(name).labels(Map.of(Leftovers.LABEL, owner)).build();
  }

  private static ContainerSpecBuilder named(String name) {
    return new ContainerSpecBuilder(new RootSource.Host()).name(name).command(List.of("true"));
  }
}
