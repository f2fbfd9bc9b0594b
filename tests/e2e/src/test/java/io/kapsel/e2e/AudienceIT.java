package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Many who listen at once, who come and go, or who do not read what they asked for (row A3). */
class AudienceIT extends EndToEnd {
  private static final List<String> FORTY =
      IntStream.range(0, 40).mapToObj(Integer::toString).toList();
  private static final int SLOW = 20;

  /** So much may an engine grow by what others do not read. */
  private static final long MOST_KIB = 60_000;

  private final List<Process> listeners = Collections.synchronizedList(new ArrayList<>());

  @AfterEach
  void endAll() {
    listeners.forEach(Process::destroyForcibly);
  }

  /** A client that listens, whom nobody reads. */
  private void listen(String... words) {
    listeners.add(product.command(words).start());
  }

  /** Types one line, and stays. */
  private void say(String container, String line) {
    Process client = product.command("attach", container).start();
    listeners.add(client);
    try {
      client.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      client.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(BufferedReader reader) {
    try {
      return reader.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long residentKib(long pid) {
    return HostFiles.read("/proc/" + pid + "/status")
        .lines()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  private static int descriptors() {
    return HostFiles.names(java.nio.file.Path.of("/proc/" + product.engine() + "/fd")).size();
  }

  private static void start(String name, String script) {
    kapsel("run", "-d", "-i", "--name", name, TestRoot.reference(), "/bin/sh", "-c", script).ok();
  }

  /** Each of forty hears whole lines in their order, whenever the others come and go. */
  @Test
  void fortyAttachAndGoAtOnce() throws Exception {
    start("told", "i=0; while :; do echo line-$i-of-it; i=$((i+1)); sleep 0.01; done");
    int before = descriptors();
    AtOnce.run(
        FORTY,
        _ -> {
          for (int i = 0; i < 3; i++) {
            attachAndGo();
          }
        });

    assertThat(kapsel("exec", "told", "/bin/echo", "obeys").ok().line()).isEqualTo("obeys");
    Await.until(
        Duration.ofSeconds(30),
        () -> "the engine lets go of those who went: " + before + " < " + descriptors(),
        () -> descriptors() <= before + 10);
  }

  private static void attachAndGo() {
    Process client = product.command("attach", "--no-stdin", "told").start();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8))) {
      List<String> heard = Stream.generate(() -> line(reader)).limit(5).toList();
      assertThat(heard).allMatch(each -> each.matches("line-\\d+-of-it"));
      List<Integer> numbers =
          heard.stream().map(each -> Integer.valueOf(each.replaceAll("\\D", ""))).toList();
      assertThat(numbers)
          .isEqualTo(IntStream.range(numbers.getFirst(), numbers.getFirst() + 5).boxed().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      client.destroyForcibly();
    }
  }

  /** What each of many says arrives whole, and once. */
  @Test
  void fortySpeakToOneAtOnce() throws Exception {
    start("hears", "while read line; do echo \"heard $line\"; done");
    AtOnce.run(FORTY, each -> say("hears", "word-" + each + "-from-me"));
    List<String> wanted = FORTY.stream().map(each -> "heard word-" + each + "-from-me").toList();
    Await.until(
        Duration.ofSeconds(30),
        () -> kapsel("logs", "hears").out(),
        () -> kapsel("logs", "hears").out().lines().count() >= FORTY.size());

    assertThat(kapsel("logs", "hears").ok().lines()).containsExactlyInAnyOrderElementsOf(wanted);
  }

  @Test
  void whoDoesNotReadTheLogHoldsNobodyUp() throws Exception {
    start(
        "flood",
        "until [ -e /go ]; do sleep 0.1; done; i=0; while [ $i -lt 30 ]; do head -c 1000000 /dev/zero | tr '\\0' x; echo;"
            + " i=$((i+1)); done; echo the end; sleep 100");
    long engine = product.engine();
    long before = residentKib(engine);
    for (int i = 0; i < SLOW; i++) {
      listen("logs", "-f", "flood");
    }
    kapsel("exec", "flood", "/bin/touch", "/go").ok();

    Await.until(
        Duration.ofSeconds(60),
        () -> "the flood is over",
        () -> kapsel("logs", "-n", "1", "flood").ok().out().equals("the end\n"));
    assertThat(run("/bin/echo", "others go on").line()).isEqualTo("others go on");
    assertThat(residentKib(engine) - before).isLessThan(MOST_KIB);
  }

  @Test
  void whoDoesNotReadEventsHoldsNobodyUp() {
    start("busy", "sleep 1000");
    long engine = product.engine();
    long before = residentKib(engine);
    for (int i = 0; i < SLOW; i++) {
      listen("events");
    }
    String[] many =
        Stream.concat(Stream.of("kill", "-s", "CONT"), Stream.generate(() -> "busy").limit(1000))
            .toArray(String[]::new);
    for (int i = 0; i < 5; i++) {
      kapsel(many).ok();
    }

    kapsel("kill", "busy").ok();
    String last =
        kapsel("events", "--since", "1m", "--until", "0s", "--format", "{{.Action}}")
            .ok()
            .lines()
            .getLast();
    assertThat(last).isEqualTo("die");
    assertThat(residentKib(engine) - before).isLessThan(MOST_KIB);
  }
}
