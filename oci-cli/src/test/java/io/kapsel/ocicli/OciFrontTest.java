package io.kapsel.ocicli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Output, exit codes and logs, as far as no container is made. */
class OciFrontTest {
  @TempDir Path directory;

  private TestCaller call(String... words) {
    return TestCaller.serve(directory, words);
  }

  @Test
  void theVersionBeginsAsClientLibrariesExpect() {
    TestCaller caller = call("--version");

    assertThat(caller.exitCode).isZero();
    assertThat(caller.out.toString()).startsWith("runc version ").contains("\nspec: 1.3.0\n");
  }

  @Test
  void anUnknownCommandEndsWithThree() {
    assertThat(call("frobnicate").exitCode).isEqualTo(3);
  }

  @Test
  void everyCommandHasHelp() {
    for (Command command : Commands.all()) {
      TestCaller caller = call(command.name(), "--help");
      assertThat(caller.exitCode).isZero();
      assertThat(caller.out.toString()).startsWith("NAME:\n   kapsel-runc " + command.name());
    }
  }

  @Test
  void anErrorGoesToTheLogInJsonAndToStandardError() throws Exception {
    Path log = directory.resolve("log.json");
    TestCaller caller = call("--log", "log.json", "--log-format", "json", "state", "nope");

    assertThat(caller.exitCode).isEqualTo(1);
    assertThat(caller.err.toString()).isEqualTo("container does not exist\n");
    assertThat(Files.readString(log))
        .startsWith("{\"level\":\"error\",\"msg\":\"container does not exist\",\"time\":\"")
        .endsWith("\"}\n");
  }

  @Test
  void withoutALogAnErrorIsALineOfIt() {
    assertThat(call("kill", "nope").err.toString())
        .matches("time=\"[^\"]+\" level=error msg=\"container does not exist\"\n");
  }

  @Test
  void execFailsWithItsOwnExitCode() {
    TestCaller caller = call("exec", "nope", "true");

    assertThat(caller.exitCode).isEqualTo(255);
    assertThat(caller.err.toString()).contains("exec failed: container does not exist");
  }

  @Test
  void deletingByForceWhatIsNotThereSucceedsSilently() {
    TestCaller caller = call("delete", "--force", "nope");

    assertThat(caller.exitCode).isZero();
    assertThat(caller.out.toString() + caller.err).isEmpty();
  }

  @Test
  void anEmptyListIsNullInJson() {
    Path root = directory.resolve("root");
    assertThat(call("list", "--format", "json").out.toString()).isEqualTo("null\n");
    assertThat(call("--root", root.toString(), "list").err.toString())
        .contains("open " + root + ": no such file or directory");
  }

  @Test
  void wrongNumbersOfOperandsAreRefusedWithTheUsage() {
    TestCaller caller = call("state");

    assertThat(caller.exitCode).isEqualTo(1);
    assertThat(caller.out.toString()).startsWith("Incorrect Usage.");
    assertThat(caller.err.toString())
        .contains("runc: \\\"state\\\" requires exactly 1 argument(s)");
  }

  @Test
  void specWritesAConfigurationThatIsReadAgain() throws Exception {
    assertThat(call("spec").exitCode).isZero();
    byte[] text = Files.readAllBytes(directory.resolve("config.json"));

    assertThat(io.kapsel.oci.Spec.parse(text).process().orElseThrow().args()).containsExactly("sh");
    assertThat(call("spec").err.toString()).contains("File config.json exists. Remove it first");
  }

  @Test
  void aMissingConfigurationIsNamed() {
    assertThat(call("create", "web").err.toString())
        .contains("JSON specification file config.json not found");
  }

  @Test
  void whatCannotBeMadeLeavesNothing() throws Exception {
    call("spec");
    Files.createDirectory(directory.resolve("rootfs"));
    Path file = directory.resolve("config.json");
    Files.writeString(
        file, Files.readString(file).replace("\"terminal\": true", "\"terminal\": false"));

    assertThat(call("create", "--preserve-fds", "900", "web").err.toString())
        .contains("unable to preserve descriptor");
    assertThat(directory.resolve("containers/web")).doesNotExist();
  }

  @Test
  void aTerminalNeedsSomewhereToGo() throws Exception {
    call("spec");
    Files.createDirectory(directory.resolve("rootfs"));

    assertThat(call("create", "web").err.toString())
        .contains("cannot allocate tty if runc will detach without setting console socket");
  }

  @Test
  void refusesWhatItWouldHaveToIgnore() {
    assertThat(call("--rootless", "perhaps", "list").err.toString())
        .contains("invalid value 'perhaps' for --rootless: it is true, false or auto");
    assertThat(call("--cgroup-manager", "other", "list").err.toString())
        .contains("invalid value 'other' for --cgroup-manager");
  }

  @Test
  void announcesTheHooksThatAreRun() {
    assertThat(call("features").out.toString()).contains("createRuntime").contains("poststop");
  }

  @Test
  void featuresAreJson() {
    String text = call("features").out.toString();

    assertThat(io.kapsel.base.Json.read(text.getBytes(), Announced.class).ociVersionMax())
        .isEqualTo("1.3.0");
  }

  /** A part of what features prints. */
  record Announced(String ociVersionMin, String ociVersionMax) {}
}
