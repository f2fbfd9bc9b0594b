package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The programs of docs/guide/java.md print what they say, with an engine that runs and without. */
class JavaGuideIT extends EndToEnd {
  private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  private static final Path GUIDE = ROOT.resolve("docs/guide/java.md");
  private static final Path API = ROOT.resolve("api/src/main/java/io/kapsel/api");
  private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern PRINTED = Pattern.compile("IO\\.println\\(.*; // (.*)");

  private static List<String> programs() {
    return PROGRAM
        .matcher(HostFiles.read(GUIDE.toString()))
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  private static void runAll(Path state, Path run) {
    assertThat(programs()).isNotEmpty();
    for (String program : programs()) {
      HostFiles.write(product.home().resolve("Guide.java"), program);
      Result result = java(product.home().resolve("Guide.java"), state, run);
      List<String> wanted =
          PRINTED.matcher(program).results().map(found -> found.group(1)).toList();
      assertThat(result.ok().lines()).as(program).isEqualTo(wanted);
    }
  }

  private static Result java(Path source, Path state, Path run) {
    return product
        .java(source)
        .env("KAPSEL_STATE", state.toString())
        .env("KAPSEL_RUN", run.toString())
        .env("KAPSEL_NETWORK", "none")
        .run();
  }

  @Test
  void programsRunOnAnEngineThatRuns() {
    kapsel("ps", "-q").ok();
    long engine = product.engine();

    runAll(product.state(), product.run());

    assertThat(product.engine()).isEqualTo(engine);
    assertThat(kapsel("ps", "-aq").ok().lines()).isEmpty();
  }

  @Test
  void programsRunWithoutADaemon() {
    Path own = product.home().resolve("own");
    runAll(own.resolve("state"), own.resolve("run"));

    assertThat(own.resolve("run/kapsel.sock")).doesNotExist();
    assertThat(HostFiles.names(own.resolve("state/containers"))).isEmpty();
  }

  @Test
  void aProgramIsToldThatAnotherIsTheEngine() {
    Path own = product.home().resolve("taken");
    String holds =
        "import io.kapsel.api.Kapsel;\nvoid main() {\n  try (Kapsel one = Kapsel.open()) {\n"
            + "    try { Kapsel.open(); } catch (io.kapsel.engine.EngineException.Conflict e) {\n"
            + "      IO.println(one.isAttached() + \" \" + e.getMessage());\n    }\n  }\n}\n";
    HostFiles.write(product.home().resolve("Twice.java"), holds);

    Result result =
        java(product.home().resolve("Twice.java"), own.resolve("state"), own.resolve("run"));

    assertThat(result.ok().line()).startsWith("false cannot ").contains("another engine");
  }

  /** What is nested in a type is shown with it. */
  @Test
  void everyTypeThatOneMeetsIsShown() {
    String shown = String.join("\n", programs());
    Path state = product.home().resolve("none");
    List<String> met =
        java(Path.of("src/test/resources/api/Reachable.java").toAbsolutePath(), state, state)
            .ok()
            .lines()
            .stream()
            .map(name -> name.replaceFirst(".*\\.", "").replaceFirst("\\$.*", ""))
            .distinct()
            .toList();

    assertThat(met)
        .hasSizeGreaterThan(30)
        .allSatisfy(name -> assertThat(shown).containsPattern("\\b" + name + "\\b"));
  }

  @Test
  void everyPublicTypeIsShown() throws IOException {
    Pattern type = Pattern.compile("^public (?:final )?(?:interface|record|class) (\\w+)", 8);
    String shown = String.join("\n", programs());
    try (Stream<Path> files = Files.list(API)) {
      List<String> names =
          files
              .map(file -> type.matcher(HostFiles.read(file.toString())))
              .filter(Matcher::find)
              .map(found -> found.group(1))
              .filter(name -> !List.of("Service", "Caller").contains(name)) // for fronts alone
              .toList();

      assertThat(names).hasSizeGreaterThan(3).allMatch(shown::contains);
    }
  }
}
