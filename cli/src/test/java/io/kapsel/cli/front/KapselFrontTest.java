package io.kapsel.cli.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kapsel.cli.front.FakeEngine.FakeContainer;
import io.kapsel.cli.server.Client.Relay;
import io.kapsel.cli.server.ClientLeft;
import io.kapsel.cli.server.ClientLeft.Departure;
import io.kapsel.cli.server.Request;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.log.LogRecord;
import io.kapsel.linux.Errno;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.host.HostFinding;
import io.kapsel.linux.host.HostFinding.State;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands from their words to output, exit code and what the engine is asked to do. */
class KapselFrontTest {
  @TempDir Path directory;
  private final FrontFixture kapsel = new FrontFixture(() -> directory);

  @Test
  void runStaysWithItsContainer() {
    kapsel.engine.exitCode = 42;

    assertThat(kapsel.serve("run --rm --name aa host: true")).isEqualTo(42);
    assertThat(kapsel.engine.deeds)
        .containsExactly("create", "attach out err", "start aa", "await aa", "gone aa");
    assertThat(kapsel.client.relays).containsExactly(new Relay(false, false, false, true));
    assertThat(kapsel.out() + kapsel.err()).isEmpty();
  }

  @Test
  void aTerminalHasDetachKeysAndSignalsOfItsOwn() {
    kapsel.terminals = new Request.Terminals(true, true, true);
    kapsel.serve("run -it host: bash");

    assertThat(kapsel.client.relays).containsExactly(new Relay(true, true, true, false));
    assertThat(kapsel.engine.deeds).contains("attach in out err");
  }

  @Test
  void aTerminalNeedsOneOnStandardInput() {
    assertThat(kapsel.serve("run -it host: bash")).isEqualTo(1);
    assertThat(kapsel.err()).isEqualTo("kapsel: the input device is not a TTY\n");
    assertThat(kapsel.engine.deeds).isEmpty();
    assertThat(kapsel.serve("run -t host: bash")).isZero();
    assertThat(kapsel.serve("run -dit host: bash")).isZero();
  }

  @Test
  void aDetachedRunPrintsTheId() {
    assertThat(kapsel.serve("run -d --name aa host: sleep 9")).isZero();
    assertThat(kapsel.out()).isEqualTo(kapsel.engine.containers.getFirst().id() + "\n");
    assertThat(kapsel.engine.deeds).containsExactly("create", "start aa");
  }

  @Test
  void whatIsNotAsAskedForIsTold() {
    kapsel.engine.notices = List.of("swap is not limited");

    kapsel.serve("run -d host: true");
    assertThat(kapsel.err()).isEqualTo("kapsel: notice: swap is not limited\n");
  }

  @ParameterizedTest
  @CsvSource({"126", "127"})
  void aProgramThatCannotBeStartedHasItsExitCode(int code) {
    kapsel.engine.startFailure =
        new EngineException.LaunchFailed("aa", "exec 'nix': no such file (ENOENT)", code, null);

    assertThat(kapsel.serve("run --rm --name aa host: nix")).isEqualTo(code);
    assertThat(kapsel.err())
        .isEqualTo("kapsel: cannot start 'aa': exec 'nix': no such file (ENOENT)\n");
    assertThat(kapsel.engine.deeds).endsWith("start aa", "remove aa force");
    assertThat(kapsel.client.relays).isEmpty();
  }

  @Test
  void aFailureOfTheEngineIs125() {
    kapsel.engine.startFailure = new EngineException.Failed("start", "aa", "no memory", null);

    assertThat(kapsel.serve("run --name aa host: true")).isEqualTo(125);
    assertThat(kapsel.err()).isEqualTo("kapsel: cannot start 'aa': no memory\n");
    assertThat(kapsel.engine.deeds).endsWith("start aa");
  }

  @Test
  void aDetachedClientLeavesTheContainerAlone() {
    kapsel.client.leavesInWait = new ClientLeft(Departure.DETACHED);

    ClientLeft left =
        catchThrowableOfType(
            ClientLeft.class, () -> kapsel.go(List.of("run", "--rm", "--name", "aa", "host:")));

    assertThat(left.exitCode()).isZero();
    assertThat(kapsel.engine.deeds).containsExactly("create", "attach out err", "start aa");
  }

  @Test
  void anInterruptThatComesBeforeTheAttachmentReachesTheProcess() {
    kapsel.client.leavesBeforeAttach = ClientLeft.signalled(2);

    ClientLeft left =
        catchThrowableOfType(
            ClientLeft.class, () -> kapsel.go(List.of("run", "--rm", "--name", "aa", "host:")));

    assertThat(left.exitCode()).isEqualTo(130);
    assertThat(kapsel.engine.deeds).endsWith("start aa", "signal aa 2");
  }

  @Test
  void oneFailureDoesNotStopTheRest() {
    kapsel.container("aa").start();
    kapsel.container("bb");

    assertThat(kapsel.serve("kill -s HUP bb x aa")).isEqualTo(1);
    assertThat(kapsel.out()).isEqualTo("aa\n");
    assertThat(kapsel.err())
        .isEqualTo(
            """
            kapsel: cannot kill 'bb': it is not running
            kapsel: cannot find 'x': there is no such container
            """);
    assertThat(kapsel.engine.deeds).containsExactly("signal bb 1", "signal aa 1");
  }

  @Test
  void stopPassesItsSignalAndPatienceOn() {
    kapsel.container("aa");

    assertThat(kapsel.serve("stop aa -t 3 --signal SIGQUIT")).isZero();
    assertThat(kapsel.engine.deeds).containsExactly("stop aa 3 PT3S");
    assertThat(kapsel.out()).isEqualTo("aa\n");
  }

  @Test
  void anUnknownSignalIsRefused() {
    assertThat(kapsel.serve("kill -s FOO aa")).isEqualTo(1);
    assertThat(kapsel.err()).isEqualTo("kapsel: invalid signal: FOO\n");
  }

  @Test
  void rmMindsWhatIsMissingUnlessForced() {
    kapsel.container("aa").start();

    assertThat(kapsel.serve("rm aa")).isEqualTo(1);
    assertThat(kapsel.err()).isEqualTo("kapsel: cannot remove 'aa': it is running\n");
    assertThat(kapsel.serve("rm -f aa")).isZero();
    assertThat(kapsel.serve("rm aa")).isEqualTo(1);
    assertThat(kapsel.serve("rm -f aa")).isZero();
  }

  @Test
  void startStartsOrStays() {
    kapsel.container("aa");
    kapsel.container("bb");

    assertThat(kapsel.serve("start aa bb")).isZero();
    assertThat(kapsel.out()).isEqualTo("aa\nbb\n");
    kapsel.engine.exitCode = 3;
    assertThat(kapsel.serve("start -a aa")).isEqualTo(3);
    assertThat(kapsel.serve("start -a aa bb")).isEqualTo(1);
    assertThat(kapsel.err())
        .isEqualTo("kapsel: you cannot start and attach multiple containers at once\n");
  }

  @Test
  void attachJoinsWhatRuns() {
    FakeContainer a = kapsel.container("aa");

    assertThat(kapsel.serve("attach aa")).isEqualTo(1);
    assertThat(kapsel.err())
        .isEqualTo("kapsel: you cannot attach to a stopped container, start it first\n");
    a.phase = Phase.RUNNING;
    kapsel.engine.exitCode = 9;
    assertThat(kapsel.serve("attach aa")).isEqualTo(9);
    assertThat(kapsel.engine.deeds).containsExactly("attach out err", "await aa");
  }

  @Test
  void execRunsOneMoreProcess() {
    kapsel.container("aa").start();
    kapsel.engine.exitCode = 5;

    assertThat(kapsel.serve("exec -i -e A=1 -e HOME -u 7 -w /x aa sh -c -i")).isEqualTo(5);
    var spec = kapsel.engine.execs.getFirst();
    assertThat(spec.command()).containsExactly("sh", "-c", "-i");
    assertThat(spec.env()).containsExactly("A=1", "HOME=/root");
    assertThat(spec.user()).contains("7");
    assertThat(spec.workingDirectory()).contains("/x");
    assertThat(spec.stdio().openStdin()).isTrue();
    assertThat(kapsel.engine.deeds).contains("attach in out err");
  }

  @Test
  void aDetachedExecPrintsNothing() {
    kapsel.container("aa").start();
    kapsel.engine.deeds.clear();

    assertThat(kapsel.serve("exec -d aa true")).isZero();
    assertThat(kapsel.out()).isEmpty();
    assertThat(kapsel.engine.deeds).containsExactly("exec aa", "start aa");
  }

  @Test
  void waitPrintsExitCodes() {
    kapsel.container("aa").start();
    kapsel.container("bb");
    kapsel.engine.exitCode = 17;

    assertThat(kapsel.serve("wait aa x bb aa")).isEqualTo(1);
    assertThat(kapsel.out()).isEqualTo("17\n0\n17\n");
  }

  @Test
  void psShowsWhatRuns() {
    FakeContainer a = kapsel.container("aa", "sh", "-c", "echo", "hello", "from", "here");
    kapsel.container("bb");
    a.start();

    assertThat(kapsel.serve("ps")).isZero();
    assertThat(kapsel.out())
        .isEqualTo(
            """
            CONTAINER ID   IMAGE     COMMAND                  CREATED         STATUS         PORTS     NAMES
            %s   host:     "sh -c echo hello fr…"   5 minutes ago   Up 3 minutes             aa
            """
                .formatted(a.id().substring(0, 12)));
  }

  @Test
  void psShowsAllWhenAsked() {
    FakeContainer a = kapsel.container("aa");
    a.phase = Phase.EXITED;
    a.exit = Optional.of(new ExitStatus(137, 9, false, FakeEngine.NOW.minusSeconds(5)));
    kapsel.container("bb");

    kapsel.serve("ps -a");
    assertThat(kapsel.out()).contains("Created").contains("Exited (137) 5 seconds ago");
    kapsel.serve("ps -aq --no-trunc");
    assertThat(kapsel.out().lines()).containsExactly(kapsel.engine.container("bb").id(), a.id());
    kapsel.serve("ps -q");
    assertThat(kapsel.out()).isEmpty();
    kapsel.serve("ps -lq --no-trunc");
    assertThat(kapsel.out().lines()).containsExactly(kapsel.engine.container("bb").id());
    kapsel.serve("ps --format json -f exited=137");
    assertThat(kapsel.out())
        .contains("\"Names\":\"aa\"")
        .endsWith("\"State\":\"exited\",\"Status\":\"Exited (137) 5 seconds ago\"}\n");
  }

  @ParameterizedTest
  @CsvSource({
    "name=we,web",
    "name=x,",
    "status=created,web db",
    "status=running,",
    "label=tier,web",
    "label=tier=front,web",
    "label=tier=back,",
    "ancestor=host:,web db"
  })
  void psFilters(String filter, String names) {
    kapsel.serve("create --name db host:");
    kapsel.serve("create --name web -l tier=front host:");

    kapsel.serve("ps -a --format {{.Names}} -f " + filter);
    assertThat(kapsel.out().lines())
        .containsExactlyElementsOf(names == null ? List.of() : List.of(names.split(" ")));
  }

  @ParameterizedTest
  @CsvSource({"x,125", "foo=bar,1", "status=what,1", "exited=x,1"})
  void psRefusesAFilterItDoesNotKnow(String filter, int exitCode) {
    assertThat(kapsel.serve("ps -f " + filter)).isEqualTo(exitCode);
  }

  @Test
  void aNameCannotPaintTheTerminal() {
    kapsel.container("aa", "\u001b[31m\"x").start();

    kapsel.serve("ps");
    assertThat(kapsel.out()).contains("\"\\x1b[31m\\\"x\"");
  }

  @Test
  void logsKeepTheirStreams() {
    kapsel.container("aa");
    record(false, "2026-01-31T11:00:00.000000001Z", "one\ntw");
    record(true, "2026-01-31T11:00:01Z", "err\n");
    record(false, "2026-01-31T11:00:02Z", "o\n");

    assertThat(kapsel.serve("logs aa")).isZero();
    assertThat(kapsel.out()).isEqualTo("one\ntwo\n");
    assertThat(kapsel.err()).isEqualTo("err\n");
    kapsel.serve("logs -ft --tail 5 --since 10m --until 2026-01-31T11:59:00+01:00 aa");
    assertThat(kapsel.out())
        .isEqualTo("2026-01-31T11:00:00.000000001Z one\n2026-01-31T11:00:00.000000001Z two\n");
    assertThat(kapsel.engine.query.tail()).hasValue(5);
    assertThat(kapsel.engine.query.follow()).isTrue();
    assertThat(kapsel.engine.query.since()).contains(FakeEngine.NOW.minusSeconds(600));
    assertThat(kapsel.engine.query.until()).contains(Instant.parse("2026-01-31T10:59:00Z"));
    assertThat(kapsel.engine.deeds).containsExactly("log closed", "log closed");
  }

  private void record(boolean error, String time, String text) {
    kapsel.engine.records.add(
        new LogRecord(error, Instant.parse(time), text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void inspectSpeaksJsonAndNamesWhatIsMissing() {
    kapsel.container("aa", "true").start();

    assertThat(kapsel.serve("inspect aa x")).isEqualTo(1);
    assertThat(kapsel.out()).startsWith("[\n").contains("\"Status\": \"running\"").endsWith("]\n");
    assertThat(kapsel.err()).isEqualTo("kapsel: cannot find 'x': there is no such container\n");
    assertThat(kapsel.serve("inspect x")).isEqualTo(1);
    assertThat(kapsel.out()).isEqualTo("[]\n");
    assertThat(kapsel.serve("inspect -f {{.Name}} aa")).isZero();
    assertThat(kapsel.out()).isEqualTo("/aa\n");
    assertThat(kapsel.serve("inspect -f {{.Foo}} aa")).isEqualTo(1);
    assertThat(kapsel.err())
        .isEqualTo(
            "kapsel: template parsing error: template: :1:2: executing \"\" at <.Foo>: map has no"
                + " entry for key \"Foo\"\n");
  }

  @Test
  void explainStartsNothing() {
    assertThat(kapsel.serve("explain run --rm -m 64m host: true")).isZero();
    assertThat(kapsel.out()).contains("notice: swap is not limited here");
    assertThat(kapsel.engine.deeds).isEmpty();
    kapsel.serve("explain --json run host: true");
    assertThat(kapsel.out()).contains("\"notices\"");
    assertThat(kapsel.serve("explain stop aa")).isEqualTo(1);
    assertThat(kapsel.serve("explain run --foo host:")).isEqualTo(125);
  }

  @Test
  void explainTakesBundlesOfOthers() {
    assertThat(kapsel.serve("explain --bundle some/where")).isZero();
    assertThat(kapsel.engine.explained)
        .singleElement()
        .matches(path -> path.isAbsolute() && path.endsWith("some/where"));
    assertThat(kapsel.serve("explain --json --bundle /b")).isZero();
    assertThat(kapsel.out()).contains("\"notices\"").contains("a part is left out");
    assertThat(kapsel.serve("explain --bundle /b run")).isEqualTo(1);
  }

  @Test
  void theDoctorNamesEveryMend() {
    kapsel.engine.findings =
        List.of(
            new HostFinding("kernel", State.OK, "Linux 6.18", ""),
            new HostFinding("swap", State.LIMITED, "not counted", "boot with swapaccount=1"));
    assertThat(kapsel.serve("doctor")).isZero();
    assertThat(kapsel.out())
        .isEqualTo(
            """
            ✔ kernel  Linux 6.18
            • swap    not counted
                      mend: boot with swapaccount=1

            Containers run here; see the lines with • for what is limited.
            """);
    kapsel.engine.findings =
        List.of(new HostFinding("overlay", State.MISSING, "none", "modprobe overlay"));
    assertThat(kapsel.serve("doctor")).isEqualTo(1);
    assertThat(kapsel.out()).startsWith("✘ overlay  none\n").contains("mend: modprobe overlay");
  }

  @Test
  void helpTellsOfEveryCommand() {
    assertThat(kapsel.serve("")).isZero();
    String help = kapsel.out();
    assertThat(help)
        .contains(
            "run ",
            "create ",
            "start ",
            "stop ",
            "kill ",
            "rm ",
            "ps ",
            "logs ",
            "exec ",
            "attach ",
            "wait ",
            "inspect ",
            "explain ",
            "doctor ",
            "version ",
            "help ");
    kapsel.serve("--help");
    assertThat(kapsel.out()).isEqualTo(help);
    kapsel.serve("help");
    assertThat(kapsel.out()).isEqualTo(help);
    kapsel.serve("help run");
    String run = kapsel.out();
    assertThat(run)
        .contains("Usage:  kapsel run [OPTIONS] ROOT [COMMAND] [ARG...]", "--pids-limit");
    kapsel.serve("run --help");
    assertThat(kapsel.out()).isEqualTo(run);
    assertThat(run.lines().mapToInt(String::length).max().orElse(0)).isLessThanOrEqualTo(80);
  }

  @Test
  void versionsAreTold() {
    kapsel.serve("--version");
    assertThat(kapsel.out()).startsWith("Kapsel version ");
    kapsel.serve("version");
    assertThat(kapsel.out()).contains("Kernel:");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "run --foo x   | 125 | kapsel: unknown flag: --foo",
        "run -itZ x    | 125 | kapsel: unknown shorthand flag: 'Z' in -Z",
        "run -e        | 125 | kapsel: flag needs an argument: 'e' in -e",
        "run           | 1   | kapsel: 'kapsel run' requires at least 1 argument",
        "ps aa          | 1   | kapsel: 'kapsel ps' accepts no arguments",
        "logs aa bb      | 1   | kapsel: 'kapsel logs' requires 1 argument",
        "exec aa        | 1   | kapsel: 'kapsel exec' requires at least 2 arguments",
        "stop          | 1   | kapsel: 'kapsel stop' requires at least 1 argument",
        "frob          | 1   | kapsel: unknown command: kapsel frob",
        "--frob        | 125 | kapsel: unknown flag: --frob",
        "start x       | 1   | kapsel: cannot find 'x': there is no such container",
        "exec x y      | 1   | kapsel: cannot find 'x': there is no such container",
        "logs --since x aa | 1 | kapsel: invalid time 'x'",
        "ps --format {{x}} | 1 | kapsel: template parsing error: template: :1: function \"x\" not"
      })
  void aBadLineIsRefused(String line, int code, String message) {
    kapsel.container("aa");

    assertThat(kapsel.serve(line)).isEqualTo(code);
    assertThat(kapsel.err()).startsWith(message);
    assertThat(kapsel.out()).isEmpty();
    if (kapsel.err().contains("Usage")) {
      assertThat(kapsel.err()).contains("See 'kapsel");
    }
  }

  @Test
  void whatTheKernelRefusesTheEngineIsAnErrorWithItsMend() {
    kapsel.engine.shortage = new SyscallException("socketpair", null, Errno.EMFILE);

    assertThat(kapsel.serve("ps")).isEqualTo(1);
    assertThat(kapsel.err())
        .isEqualTo(
            "kapsel: cannot ps: socketpair: too many open files (EMFILE); the engine has as many"
                + " files open as it may: end some commands, or raise LimitNOFILE of its unit\n");
  }
}
