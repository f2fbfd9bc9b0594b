package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a script can tell from the exit code, and what a person can from the message. */
class ExitCodesIT extends EndToEnd {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 42, 125, 126, 127, 255})
  void theProcessesOwnCodeIsPassedOn(int code) {
    assertThat(tryRun(List.of(), "/bin/probe", "exit", Integer.toString(code)).exitCode())
        .isEqualTo(code);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 6, 11, 15})
  void aSignalIs128AndItsNumber(int signal) {
    Result result =
        tryRun(List.of(), "/bin/sh", "-c", "/bin/probe kill-self " + signal + "; exit $?");

    assertThat(result.exitCode()).isEqualTo(128 + signal);
  }

  @Test
  void aKilledContainerIs137() {
    kapsel("run", "-d", "--name", "kk", TestRoot.reference(), "/bin/sleep", "100").ok();
    kapsel("kill", "kk").ok();

    assertThat(kapsel("wait", "kk").ok().line()).isEqualTo("137");
  }

  @ParameterizedTest
  @CsvSource({
    "/bin/does-not-exist,127",
    "does-not-exist,127",
    "/bin/no-interpreter,127",
    "/bin/not-executable,126",
    "/bin/garbage,126",
    "/bin,126",
    "/etc/passwd/x,127",
  })
  void whatCannotBeExecutedIsToldApart(String word, int code) {
    Result result = tryRun(List.of(), word);

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(code);
    assertThat(result.err()).startsWith("kapsel: cannot ").contains(word);
    assertThat(result.out()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "run --bogus dir:/ true|bogus",
        "run --memory x dir:/ true|'x'",
        "run --memory -5 dir:/ true|-5",
        "run --memory 1k dir:/ true|memory",
        "run --cpus 0.00001 dir:/ true|processors",
        "run --cpus abc dir:/ true|abc",
        "run --pids-limit many dir:/ true|many",
        "run --name ../x dir:/ true|../x",
        "run --name a/b dir:/ true|a/b",
        "run --rm dir:/does/not/exist true|/does/not/exist",
        "run --rm dir:/etc/passwd true|/etc/passwd",
        "run --rm tar:/does/not/exist.tar true|/does/not/exist.tar",
        "run --rm tar:/etc/passwd true|/etc/passwd",
        "run --rm nonsense:x true|nonsense",
        "run --rm --cap-add NOT_A_CAP dir:/ true|NOT_A_CAP",
        "run --rm --security-opt seccomp=/does/not/exist dir:/ true|/does/not/exist",
        "run --rm --security-opt bogus=1 dir:/ true|bogus",
        "run --rm --ulimit nofile=20:10 dir:/ true|nofile",
        "run --rm --ulimit bogus=1 dir:/ true|bogus",
        "run --rm --sysctl kernel.panic=1 dir:/ true|kernel.panic",
        "run --rm --network nowhere dir:/ true|nowhere",
        "run --rm --network container:nobody dir:/ true|nobody",
        "run --rm --oom-score-adj 5000 dir:/ true|5000",
        "run --rm --device /dev/does-not-exist dir:/ true|/dev/does-not-exist",
        "run --rm -v /does/not/exist:x dir:/ true|x",
        "run --rm --mount type=bogus,target=/x dir:/ true|bogus",
        "run --rm --env-file /does/not/exist dir:/ true|/does/not/exist",
        "run --rm --shm-size -1 dir:/ true|-1",
        "run --rm --stop-signal NOPE dir:/ true|NOPE",
        "run --rm -w relative dir:/ true|relative",
      })
  void nonsenseIs125AndNamesWhatIsWrong(String line, String named) {
    Result result = kapsel(line.replace("dir:/ ", TestRoot.reference() + " ").split(" "));

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(125);
    assertThat(result.err()).contains(named).doesNotContain("Exception");
    assertThat(kapsel("ps", "-aq").ok().out()).isEmpty();
  }

  @Test
  void aRunWithoutARootIsExplained() {
    Result result = kapsel("run");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("requires at least 1 argument");
  }

  @Test
  void anUnknownUserIs125OrNamed() {
    Result result = tryRun(List.of("-u", "nobody-here"), "/bin/true");

    assertThat(result.exitCode()).isEqualTo(125);
    assertThat(result.err()).contains("nobody-here");
  }

  @Test
  void aNameIsTakenOnce() {
    kapsel("run", "-d", "--name", "one", TestRoot.reference(), "/bin/sleep", "100").ok();
    Result second = kapsel("run", "--rm", "--name", "one", TestRoot.reference(), "/bin/true");

    assertThat(second.exitCode()).isEqualTo(125);
    assertThat(second.err()).contains("'one'");
    assertThat(kapsel("ps", "-q").ok().lines()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stop", "kill", "rm", "logs", "start", "inspect", "wait", "attach"})
  void anUnknownContainerIsNamed(String command) {
    Result result = kapsel(command, "nobody");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).startsWith("kapsel: ").contains("'nobody'");
  }

  @Test
  void execHasTheSameCodes() {
    kapsel("run", "-d", "--name", "ee", TestRoot.reference(), "/bin/sleep", "100").ok();

    assertThat(kapsel("exec", "ee", "/bin/probe", "exit", "9").exitCode()).isEqualTo(9);
    assertThat(kapsel("exec", "ee", "/bin/nothing").exitCode()).isEqualTo(127);
    assertThat(kapsel("exec", "ee", "/bin/not-executable").exitCode()).isEqualTo(126);
    assertThat(kapsel("exec", "ee", "/bin/probe", "kill-self", "15").exitCode()).isEqualTo(143);
    assertThat(kapsel("exec", "nobody", "/bin/true").exitCode()).isNotZero();
  }

  @Test
  void anUnknownCommandIsNamed() {
    Result result = kapsel("frobnicate");

    assertThat(result.exitCode()).isNotZero();
    assertThat(result.err()).contains("frobnicate");
  }

  @Test
  void aSignalToTheClientGoesToTheProcess() throws Exception {
    Process client =
        product
            .command(
                "run",
                "--rm",
                "--name",
                "sig",
                TestRoot.reference(),
                "/bin/sh",
                "-c",
                "trap 'exit 33' TERM; echo ready; while :; do sleep 0.05; done")
            .start();
    assertThat(client.inputReader().readLine()).isEqualTo("ready");
    Command.of("kill", "-TERM", Long.toString(client.pid())).run().ok();

    assertThat(client.waitFor()).isEqualTo(33);
  }
}
