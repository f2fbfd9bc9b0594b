package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logs whose rotated files are packed: whoever reads them does not notice. */
class PackedLogsIT extends EndToEnd {
  private static final String PRINTS =
      "mkfifo /go; i=0; while [ $i -lt 3000 ]; do echo line-number-$i; i=$((i+1)); done; read x </go;"
          + " while [ $i -lt 6000 ]; do echo line-number-$i; i=$((i+1)); done; exec sleep 1000";

  private static void start(String name, String... flags) {
    List<String> words =
        new ArrayList<>(List.of("run", "-d", "--name", name, "--log-opt", "max-size=30k"));
    words.addAll(List.of(flags));
    words.addAll(List.of(TestRoot.reference(), "/bin/sh", "-c", PRINTS));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static Path directory(String name) {
    String id = kapsel("inspect", "--format", "{{.Id}}", name).ok().line();
    return product.state().resolve("containers").resolve(id);
  }

  /** The rotated files, and how they are. */
  private static List<String> rotated(Path directory) {
    return HostFiles.names(directory).stream()
        .filter(it -> it.matches("(log|.*-json.log)\\..*[0-9](.gz)?"))
        .toList();
  }

  private static boolean isPacked(Path directory) {
    return !rotated(directory).isEmpty()
        && rotated(directory).stream().allMatch(it -> it.endsWith(".gz"));
  }

  private static void awaitPacked(Path directory) {
    Await.until(
        Duration.ofSeconds(60),
        () -> "it is packed: " + rotated(directory),
        () -> isPacked(directory));
  }

  private static List<String> lines(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "line-number-" + i).toList();
  }

  @ParameterizedTest
  @CsvSource({"local,max-file=30", "json-file,compress=true"})
  void followersNoticeNothing(String driver, String option) throws Exception {
    String name = "packed-" + driver;
    start(name, "--log-driver", driver, "--log-opt", option, "--log-opt", "max-file=30");
    Process follower = product.command("logs", "-f", name).start();
    Path place = directory(name);
    awaitPacked(place);
    product.killEngine();

    assertThat(kapsel("logs", name).ok().lines()).isEqualTo(lines(0, 3000));
    assertThat(follower.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(new String(follower.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines())
        .containsExactlyElementsOf(lines(0, 3000));
    Process second = product.command("logs", "-f", "-n", "2500", name).start();
    kapsel("exec", name, "sh", "-c", "echo >/go").ok();
    Await.until(
        Duration.ofSeconds(60),
        () -> "everything is printed",
        () -> kapsel("logs", "-n", "1", name).ok().out().equals("line-number-5999\n"));
    awaitPacked(place);
    kapsel("kill", name).ok();
    assertThat(new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines())
        .containsExactlyElementsOf(lines(500, 6000));
    assertThat(kapsel("logs", name).ok().lines()).isEqualTo(lines(0, 6000));
    assertThat(kapsel("logs", "-n", "4000", name).ok().lines()).isEqualTo(lines(2000, 6000));
    assertThat(unpacked(place)).contains("line-number-2500");
  }

  /** As gunzip has it. */
  private static String unpacked(Path place) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String each : rotated(place)) {
      Result result = Command.of("gunzip", "-c", place.resolve(each).toString()).run().ok();
      all.append(result.out());
      assertThat(Files.size(place.resolve(each))).isLessThan(result.out().length() / 2);
    }
    return all.toString();
  }

  @ParameterizedTest
  @CsvSource({"local,compress=false", "json-file,compress=false"})
  void whoeverWantsThemPlainHasThemPlain(String driver, String option) {
    String name = "plain-" + driver;
    start(name, "--log-driver", driver, "--log-opt", option, "--log-opt", "max-file=30");
    start(name + "-other");
    awaitPacked(directory(name + "-other"));

    assertThat(rotated(directory(name))).isNotEmpty().noneMatch(it -> it.endsWith(".gz"));
    kapsel("rm", "-f", name, name + "-other").ok();
  }
}
