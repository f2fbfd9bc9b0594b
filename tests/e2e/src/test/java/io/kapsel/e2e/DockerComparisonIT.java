package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same commands by Debian's docker and by kapsel: docker/cases.txt has them, and says where a
 * difference is meant.
 */
class DockerComparisonIT extends EndToEnd {
  private static final String IMAGE = "img";
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private static Path home;
  private static CgroupParent group;
  private static Process network;
  private static Dockerd dockerd;
  private static Product kapsel;
  private static Map<String, Future<String>> byDocker;
  private static Map<String, Future<String>> byKapsel;

  /**
   * One of the file.
   *
   * @param differs why both must end differently; empty where they must not
   */
  private record Case(String name, String script, String differs) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Who does them: what the client is called with. */
  private record Side(String client, Map<String, String> environment) {
    Command sh(String script) {
      List<String> words = new ArrayList<>(List.of("nsenter", "-t", "" + network.pid(), "-n"));
      words.addAll(List.of("sh", "-c", "D() { " + client + " \"$@\"; }\n" + script));
      Command command = new Command(words).env("HOME", "/root").env("I", IMAGE).within(LIMIT);
      command.env("C", client);
      environment.forEach(command::env);
      return command;
    }

    /** What a case prints, in a directory of its own, and nothing of it is left. */
    String run(Case each) {
      Path directory = home.resolve("t-" + client.length());
      try {
        Files.createDirectories(directory);
        String out = sh(each.script).in(directory).env("T", directory.toString()).run().out();
        return normal(out.replace(directory.toString(), "<dir>"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        // One after the other: Debian's dockerd stands still when many are removed at once.
        sh("for id in $(D ps -aq); do D rm -f -v $id; done").run();
        HostFiles.delete(directory);
      }
    }

    /** All cases, one after the other, beside the tests. */
    Map<String, Future<String>> runAll() {
      ExecutorService thread =
          Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
      Map<String, Future<String>> results = new HashMap<>();
      cases().forEach(each -> results.put(each.name, thread.submit(() -> run(each))));
      thread.shutdown();
      return results;
    }
  }

  private static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (String block : resource().split("(?m)^== ")) {
      String[] lines = block.split("\n", 2);
      if (!block.startsWith("#")) {
        String differs = block.replaceFirst("(?s).*?(\ndiffers ([^\n]*)|$)(?s).*", "$2");
        cases.add(new Case(lines[0], lines[1].replaceAll("(?m)^differs .*$", ""), differs));
      }
    }
    return cases;
  }

  private static String resource() {
    try {
      return Files.readString(Path.of("src/test/resources/docker/cases.txt"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String normal(String out) {
    return out.replaceAll("\\b[0-9a-f]{64}\\b", "<id>")
        .replaceAll("\\b[0-9a-f]{12}\\b", "<short>")
        .replaceAll("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "<time>");
  }

  @BeforeAll
  static void start() throws IOException {
    home = Files.createTempDirectory(Path.of("/tmp"), "kapsel-docker-");
    Command.of("chmod", "755", home.toString()).run().ok();
    group = CgroupParent.fresh();
    network = Command.of("unshare", "-n", "sleep", "600").start();
    Path archive = home.resolve("image.tar");
    Command.of("tar", "-C", TestRoot.path().toString(), "-cf", archive.toString(), ".").run().ok();
    Await.until(
        "the network is there",
        () ->
            !HostFiles.link("/proc/" + network.pid() + "/ns/net")
                .equals(HostFiles.link("/proc/self/ns/net")));
    dockerd = Dockerd.withBridge(home.resolve("d"), group.name(), network.pid());
    kapsel = product.in(network.pid());
    Side docker = new Side("docker --host " + dockerd.socket(), Map.of());
    Side ours =
        new Side(
            Product.DIST.resolve("bin/kapsel").toString(),
            Map.of(
                "KAPSEL_RUN", kapsel.run().toString(), "KAPSEL_STATE", kapsel.state().toString()));
    for (Side each : List.of(docker, ours)) {
      each.sh("ip link set lo up; D import " + archive + " " + IMAGE).run().ok();
    }
    byDocker = docker.runAll();
    byKapsel = ours.runAll();
  }

  /** Before the engine goes, and what is checked of it then. */
  @AfterAll
  static void end() {
    dockerd.close();
    kapsel.removeAll();
    kapsel.stopEngine();
    network.destroy();
    Command.of("umount", home.resolve("d/exec/netns/default").toString()).run(); // left by it
    HostFiles.delete(home);
    group.close();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void endsAlike(Case each) throws Exception {
    String expected = byDocker.get(each.name).get();
    String found = byKapsel.get(each.name).get();

    if (each.differs.isEmpty()) {
      assertThat(found).isEqualTo(expected);
    } else {
      assertThat(found).as("no longer differs: " + each.differs).isNotEqualTo(expected);
    }
  }
}
