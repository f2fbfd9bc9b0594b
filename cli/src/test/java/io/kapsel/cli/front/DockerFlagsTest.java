package io.kapsel.cli.front;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.DetachKeys;
import io.kapsel.cli.command.GroupCommand;
import io.kapsel.cli.config.Configuration;
import io.kapsel.cli.config.LiveConfiguration;
import io.kapsel.cli.flag.Flag;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No flag that Docker's users know is unknown. */
class DockerFlagsTest {
  private final Commands commands =
      new Commands(
          Clock.systemUTC(), new LiveConfiguration(Configuration.usual(), Map.of(), _ -> {}));

  private static List<String> lines() throws IOException {
    try (InputStream in = DockerFlagsTest.class.getResourceAsStream("docker-flags.txt")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().filter(line -> !line.startsWith("#")).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("lines")
  void everyFlagIsKnown(String line) {
    String[] parts = line.split(": ", 2);
    Set<String> known =
        find(parts[0]).manual().flags().flags().stream()
            .flatMap(DockerFlagsTest::names)
            .collect(Collectors.toSet());

    assertThat(known).contains(parts[1].split(" "));
  }

  /** Each is compared, or the guide says why not, and which test tries it. */
  @Test
  void everyFlagIsComparedWithDocker() throws IOException {
    DockerCases cases = new DockerCases(commands);
    Set<String> others = new TreeSet<>();
    for (String line : lines()) {
      String[] parts = line.split(": ", 2);
      Command command = find(parts[0]);
      List<String> names = List.of(parts[1].split(" "));
      command.manual().flags().flags().stream()
          .filter(flag -> names(flag).anyMatch(names::contains) && !cases.tries(command, flag))
          .forEach(flag -> others.add(parts[0] + " --" + flag.name()));
    }

    assertThat(DockerCases.triedElsewhere().keySet()).containsExactlyInAnyOrderElementsOf(others);
  }

  @Test
  void whatIsNotComparedIsTriedByTheTestThatTheGuideNames() throws IOException {
    for (Map.Entry<String, String> each : DockerCases.triedElsewhere().entrySet()) {
      String flag = each.getKey().replaceFirst(".* ", "");
      Path test = Path.of("../tests/e2e/src/test/java/io/kapsel/e2e/" + each.getValue() + ".java");
      assertThat(Pattern.compile(flag + "\\b").matcher(Files.readString(test)).find())
          .as(each.toString())
          .isTrue();
    }
  }

  private Command find(String words) {
    List<String> path = List.of(words.split(" "));
    Command first = commands.find(path.getFirst());
    return path.size() == 1 ? first : ((GroupCommand) first).find(path.get(1)).orElseThrow();
  }

  private static Stream<String> names(Flag<?> flag) {
    return Stream.concat(Stream.of(flag.name()), flag.letter().map(Object::toString).stream());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "attach", "commit", "create", "exec", "export", "inspect", "kill", "list", "logs", "ls",
        "pause", "port", "prune", "ps", "remove", "rename", "restart", "rm", "run", "start",
        "stats", "stop", "top", "unpause", "update", "wait"
      })
  void containersHaveTheLongFormsOfAllTheirCommands(String word) {
    assertThat(((GroupCommand) commands.find("container")).find(word)).isPresent();
  }

  @Test
  void theKeysThatLeaveAreByteByByte() {
    assertThat(DetachKeys.parse("ctrl-a,x")).isEqualTo(0x7801);
    assertThat(DetachKeys.parse("ctrl-[,ctrl-\\,ctrl-_")).isEqualTo(0x1f1c1b);
    assertThat(DetachKeys.parse("")).isZero();
  }
}
