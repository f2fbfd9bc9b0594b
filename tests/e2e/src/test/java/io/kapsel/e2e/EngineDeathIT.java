package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What clients say and end with when the engine dies under them, and what goes on. */
class EngineDeathIT extends EndToEnd {
  private static final String WENT_ON =
      "kapsel: the engine went away while the container ran; its exit status is the container's own\n";
  private static final String GAVE_UP =
      "kapsel: the engine went away before it was done with this command\n";
  private static final String TICKS =
      "until test -e /c; do echo tick; sleep 0.1; done; echo ended-c; exit 7";
  private static final String WAITS =
      "mkfifo /$0; echo begun-$0; read x </$0; echo ended-$0; exit 7";

  private final List<Client> clients = new ArrayList<>();

  private record Client(Process process, Path out, Path err) {
    int exitCode() throws InterruptedException {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(said()).isTrue();
      return process.exitValue();
    }

    String printed() {
      return HostFiles.read(out.toString());
    }

    String said() {
      return HostFiles.read(err.toString());
    }
  }

  @AfterEach
  void endClients() {
    clients.forEach(each -> each.process().destroyForcibly());
  }

  private Client start(String name, String... words) {
    Path out = product.home().resolve(name + ".out");
    Path err = product.home().resolve(name + ".err");
    List<String> all = new ArrayList<>(List.of("sh", "-c"));
    all.add("exec \"$@\" >" + out + " 2>" + err + " </dev/null");
    all.addAll(List.of("sh", Product.DIST.resolve("bin/kapsel").toString()));
    all.addAll(List.of(words));
    Process process = product.environment(new Command(all)).start();
    Client client = new Client(process, out, err);
    clients.add(client);
    return client;
  }

  private static void await(Client client, String text) {
    Await.until(
        Duration.ofSeconds(30),
        () -> "'" + text + "' is printed: " + client.printed() + client.said(),
        () -> client.printed().contains(text));
  }

  @Test
  void whoeverIsWithAProgramStaysWithIt() throws Exception {
    kapsel("run", "-d", "--name", "kept", TestRoot.reference(), "/bin/sleep", "1000").ok();
    Client run =
        start("run", "run", "--name", "fg", TestRoot.reference(), "/bin/sh", "-c", WAITS, "a");
    Client exec = start("exec", "exec", "kept", "/bin/sh", "-c", WAITS, "b");
    await(run, "begun-a");
    await(exec, "begun-b");
    kapsel("run", "-d", "--name", "ticks", TestRoot.reference(), "/bin/sh", "-c", TICKS).ok();
    Client attach = start("attach", "attach", "--no-stdin", "ticks");
    await(attach, "tick");
    product.killEngine();
    assertThat(kapsel("ps", "-q").ok().lines()).hasSize(3);
    kapsel("exec", "ticks", "/bin/sh", "-c", "echo >/c").ok();
    kapsel("exec", "-d", "fg", "/bin/sh", "-c", "echo >/a").ok();
    kapsel("exec", "kept", "/bin/sh", "-c", "echo >/b").ok();

    assertThat(run.exitCode()).isEqualTo(7);
    assertThat(run.printed()).isEqualTo("begun-a\nended-a\n");
    assertThat(run.said()).isEqualTo(WENT_ON);
    assertThat(exec.exitCode()).isEqualTo(7);
    assertThat(exec.printed()).isEqualTo("begun-b\nended-b\n");
    assertThat(exec.said()).isEqualTo(WENT_ON);
    assertThat(attach.exitCode()).isEqualTo(7);
    assertThat(attach.printed()).endsWith("tick\nended-c\n");
    assertThat(attach.said()).isEqualTo(WENT_ON);
    assertThat(kapsel("wait", "fg").ok().line()).isEqualTo("7");
  }

  @Test
  void whoeverAsksTheEngineIsTold() throws Exception {
    kapsel(
            "run",
            "-d",
            "--name",
            "kept",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "echo one; exec sleep 1000")
        .ok();
    Client logs = start("logs", "logs", "-f", "kept");
    Client events = start("events", "events", "--since", "10m");
    Client stats = start("stats", "stats", "--format", "{{.Name}}", "kept");
    Client wait = start("wait", "wait", "kept");
    await(logs, "one");
    await(events, "container start");
    await(stats, "kept");
    product.killEngine();

    for (Client each : List.of(logs, events, stats, wait)) {
      assertThat(each.exitCode()).isEqualTo(125);
      assertThat(each.said()).isEqualTo(GAVE_UP);
    }
    Client later = start("later", "wait", "kept");
    assertThat(kapsel("logs", "kept").ok().out()).isEqualTo("one\n");
    kapsel("kill", "kept").ok();
    assertThat(later.exitCode()).isZero();
    assertThat(later.printed()).isEqualTo("137\n");
  }

  @Test
  void aTerminalIsAsItWas() {
    new Expect(product)
        .run(
            """
            spawn /bin/sh
            send "PS1=outer:; stty -a | md5sum\\r"
            want {([0-9a-f]{32})}
            set before $expect_out(1,string)
            send "$kapsel run -it --name tty ROOT /bin/sh; echo code-\\$?\\r"
            want {# }
            exec kill -9 [exec cat RUN/engine.pid]
            send "echo still-\\$((40+2))\\r"
            want {still-42}
            send "exit 5\\r"
            want {code-5}
            send "stty -a | md5sum\\r"
            want {([0-9a-f]{32})}
            if {$expect_out(1,string) ne $before} {puts "the terminal is not as it was"; exit 106}
            send "exit 0\\r"
            ends 0
            """
                .replace("ROOT", TestRoot.reference())
                .replace("RUN", product.run().toString()));
  }

  /** One that is attached to the engine by the Java API, which then asks the next one. */
  @Test
  void aJavaProgramIsTold() {
    kapsel("run", "-d", "--name", "kept", TestRoot.reference(), "/bin/sleep", "1000").ok();
    Path source = product.home().resolve("Dies.java");
    HostFiles.write(
        source,
        """
        import io.kapsel.api.Kapsel;
        import io.kapsel.engine.EngineException;

        void main() throws Exception {
          try (Kapsel kapsel = Kapsel.open()) {
            IO.println(kapsel.isAttached());
            var kept = kapsel.container("kept");
            var ended = Thread.ofVirtual().start(() -> {
              try {
                IO.println(kept.await());
              } catch (EngineException.Failed e) {
                IO.println(e.getMessage());
              } catch (InterruptedException e) {
                IO.println("interrupted");
              }
            });
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000_000L); // it asks meanwhile
            new ProcessBuilder("sh", "-c", "kill -9 $(cat $KAPSEL_RUN/engine.pid)").start().waitFor();
            ended.join();
            new ProcessBuilder(System.getenv("KAPSEL"), "ps", "-q").start().waitFor();
            IO.println(kapsel.container("kept").status().phase());
          }
        }
        """);

    Result result =
        product
            .environment(product.java(source))
            .env("KAPSEL", Product.DIST.resolve("bin/kapsel").toString())
            .run();

    assertThat(result.ok().lines())
        .containsExactly("true", "cannot ask 'the engine': it has hung up", "RUNNING");
  }
}
