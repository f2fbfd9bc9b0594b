package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Containers that go from one engine to another, each in a network of its own. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class MoveIT {
  private static final String IMAGE = "move-root:1";
  private static final Duration LONG = Duration.ofMinutes(2);

  private static Process hereNetwork;
  private static Process thereNetwork;
  private static Product outsideHere;
  private static Product outsideThere;
  private static Product here;
  private static Product there;

  @BeforeAll
  static void makeTwo() {
    hereNetwork = network();
    thereNetwork = network();
    outsideHere = Product.fresh();
    outsideThere = Product.fresh();
    here = outsideHere.in(hereNetwork.pid());
    there = outsideThere.in(thereNetwork.pid());
    Path archive = here.home().resolve("root.tar");
    Command.of("tar", "-cf", archive.toString(), "-C", TestRoot.path().toString(), ".").run().ok();
    here.kapsel("import", archive.toString(), IMAGE).ok();
  }

  private static Process network() {
    Process made = Command.of("unshare", "-n", "sleep", "1000").start();
    Await.until(
        Duration.ofSeconds(20),
        () -> "a namespace is made",
        () ->
            !HostFiles.link("/proc/" + made.pid() + "/ns/net")
                .equals(HostFiles.link("/proc/self/ns/net")));
    TwoHosts.in(made, "ip link set lo up");
    return made;
  }

  @BeforeEach
  void bothRun() {
    here.kapsel("ps").ok();
    there.kapsel("ps").ok();
  }

  @AfterEach
  void clear() {
    for (Product each : List.of(here, there)) {
      each.removeAll();
      each.kapsel("volume", "prune", "-af").ok();
    }
    there.kapsel("image", "prune", "-af").ok();
    assertThat(HostFiles.names(there.state().resolve("saved"))).isEmpty();
    assertThat(HostFiles.names(there.state().resolve("arrivals"))).isEmpty();
  }

  @AfterAll
  static void leavesNothing() {
    try {
      here.close();
      there.close();
    } finally {
      hereNetwork.destroy();
      thereNetwork.destroy();
    }
  }

  private static String socket(Product product) {
    return "unix://" + product.run().resolve("kapsel.sock");
  }

  /** A program that ends when it is asked to, and that writes all the time. */
  private static void run(String name, String... flags) {
    List<String> words = new ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(List.of(flags));
    if (!words.contains("--network")) {
      words.addAll(List.of("--network", "none"));
    }
    words.addAll(
        List.of(
            IMAGE,
            "/bin/sh",
            "-c",
            "trap 'echo end >>/srv/log; exit 0' TERM;"
                + " while :; do echo tick >>/srv/log; sleep 0.1; done"));
    here.kapsel(words.toArray(String[]::new)).ok();
  }

  private static Result move(String... words) {
    List<String> all = new ArrayList<>(List.of("move"));
    all.addAll(List.of(words));
    return here.command(all.toArray(String[]::new)).within(LONG).run();
  }

  private static String in(Product product, String name, String script) {
    return product.kapsel("exec", name, "/bin/sh", "-c", script).ok().line();
  }

  private static List<String> states(Product product) {
    return product.kapsel("ps", "-a", "--format", "{{.Names}} {{.State}}").ok().lines();
  }

  @Test
  void goesWithAllThatItHas() {
    run(
        "web",
        "--memory",
        "64m",
        "-l",
        "tier=front",
        "-v",
        "/own",
        "-v",
        "data:/data",
        "-e",
        "A=b");
    in(
        here,
        "web",
        "cd /srv; dd if=/dev/urandom of=big bs=1M count=4 2>/dev/null; ln big again; ln -s x link;"
            + " rm -r /home/user; mkdir -m 711 new; chown 1000:2000 new; mknod pipe p;"
            + " md5sum big >sum; chmod 4755 sum; echo one >/own/file; echo two >/data/file");
    here.kapsel("snapshot", "web", "before").ok();
    in(here, "web", "rm /srv/link; echo later >/srv/later");

    Result moved = move("--volumes", "web", socket(there)).ok();

    assertThat(moved.line()).isEqualTo("web");
    assertThat(moved.err()).contains("3 of 3 blobs go along").containsPattern("down for [0-9.]+ s");
    assertThat(states(here)).isEmpty();
    assertThat(here.kapsel("volume", "ls", "-q").ok().lines()).isEmpty();
    assertThat(states(there)).containsExactly("web running");
    assertThat(
            in(
                there,
                "web",
                "cd /srv; md5sum -c sum 2>&1 | tail -1; stat -c '%a %u:%g' new sum;"
                    + " stat -c %h big; ls link /home/user 2>&1 | wc -l; test -p pipe && echo pipe;"
                    + " cat later /own/file /data/file; grep -c end log; echo $A"))
        .isEqualTo("big: OK\n711 1000:2000\n4755 0:0\n2\n2\npipe\nlater\none\ntwo\n1\nb");
    assertThat(
            there
                .kapsel("inspect", "-f", "{{.HostConfig.Memory}} {{.Config.Labels.tier}}", "web")
                .line())
        .isEqualTo("67108864 front");
    there.kapsel("restore", "web", "before").ok();
    assertThat(in(there, "web", "readlink /srv/link; ls /srv/later 2>&1 | grep -c later"))
        .isEqualTo("x\n1");
  }

  @Test
  void comesBackWithoutWhatIsThereAlready() {
    run("web");
    in(here, "web", "dd if=/dev/urandom of=/srv/big bs=1M count=4 2>/dev/null");
    move("-q", "web", socket(there)).ok();

    Result back = there.command("move", "web", socket(here)).within(LONG).run().ok();

    assertThat(back.err()).contains("image 'docker.io/library/" + IMAGE + "' is there already");
    assertThat(states(here)).containsExactly("web running");
  }

  @Test
  void sendsAgainOnlyWhatHasChanged() {
    run("web");
    in(here, "web", "dd if=/dev/urandom of=/srv/big bs=1M count=8 2>/dev/null");

    String said = move("--rounds", "3", "web", socket(there)).ok().err();

    List<String> last = said.lines().filter(line -> line.startsWith("last round")).toList();
    assertThat(said).containsPattern("round 1: 8\\.[0-9]+MB");
    assertThat(last).hasSize(1);
    assertThat(last.getFirst()).containsPattern("last round: [0-9.]+(B|kB) ");
  }

  @Test
  void oneThatDoesNotRunIsNotStarted() {
    here.kapsel("create", "--name", "web", "--network", "none", TestRoot.reference(), "/bin/true")
        .ok();

    Result moved = move("web", socket(there)).ok();

    assertThat(moved.err()).contains("its root goes along").doesNotContain("down for");
    assertThat(states(here)).isEmpty();
    assertThat(states(there)).containsExactly("web created");
    there.kapsel("start", "-a", "web").ok();
  }

  @Test
  void aCopyIsAnotherOneAndTheSourceRunsOn() {
    run("web");
    in(here, "web", "echo mine >/srv/mine");
    String before = in(here, "web", "cut -d' ' -f22 /proc/1/stat");

    move("--copy", "--name", "twin", "web", socket(there)).ok();

    assertThat(in(here, "web", "cut -d' ' -f22 /proc/1/stat")).isEqualTo(before);
    assertThat(states(there)).containsExactly("twin created");
    there.kapsel("start", "twin").ok();
    assertThat(in(there, "twin", "cat /srv/mine")).isEqualTo("mine");
  }

  @Test
  void onlySaysWhatItWouldDo() {
    run("web");

    Result said = move("--dry-run", "web", socket(there)).ok();

    assertThat(said.lines())
        .contains("it is stopped for the last round, started there, and removed here");
    assertThat(states(here)).containsExactly("web running");
    assertThat(states(there)).isEmpty();
  }

  @Test
  void onlyOneOfTwoMovesHasIt() throws Exception {
    run("web");
    in(here, "web", "dd if=/dev/urandom of=/srv/big bs=1M count=8 2>/dev/null");

    Process other = here.command("move", "--name", "other", "web", socket(there)).start();
    Result one = move("--name", "one", "web", socket(there));
    assertThat(other.waitFor(100, TimeUnit.SECONDS)).isTrue();

    assertThat(List.of(one.exitCode(), other.exitValue())).containsOnlyOnce(0);
    assertThat(states(here)).isEmpty();
    assertThat(states(there)).hasSize(1).allMatch(each -> each.endsWith(" running"));
  }

  /** Why it stays, in one line, and that it runs on. */
  private static void stays(String reason, String... words) {
    Result refused = move(words);

    assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(1);
    assertThat(refused.err()).contains(reason);
    assertThat(states(here)).contains("web running");
  }

  @Test
  void saysWhatIsInTheWay() {
    here.kapsel("network", "create", "own").ok();
    run("web", "-v", "data:/data", "-v", "/srv:/host", "--network", "own");
    there.kapsel("volume", "create", "data").ok();

    stays("--volumes sends it along", "--binds", "web", socket(there));
    stays("--binds, if the same is there", "--volumes", "web", socket(there));
    stays("has a volume 'data' already", "--volumes", "--binds", "web", socket(there));
    there.kapsel("volume", "rm", "data").ok();
    stays("--network OLD=NEW", "--volumes", "--binds", "web", socket(there));
    there.kapsel("create", "--name", "web", "--network", "none", TestRoot.reference(), "true").ok();
    stays("use --name for another name", "--volumes", "--binds", "web", socket(there));
    stays("is no engine", "web", "http://example.org");
    stays("(ENOENT)", "web", "unix:///nowhere/kapsel.sock");

    there.kapsel("network", "create", "other").ok();
    move("--volumes", "--binds", "--network", "own=other", "--name", "new", "web", socket(there))
        .ok();
    assertThat(states(there)).contains("new running");
    there.kapsel("rm", "-f", "new").ok();
    there.kapsel("network", "rm", "other").ok();
    here.kapsel("network", "rm", "own").ok();
  }

  @Test
  void runsOnHereWhenItCannotBeStartedThere() {
    here.kapsel("network", "create", "--subnet", "10.77.0.0/24", "net").ok();
    there.kapsel("network", "create", "--subnet", "10.78.0.0/24", "net").ok();
    run("web", "--network", "net", "--ip", "10.77.0.9");

    stays("it runs here again", "web", socket(there));

    assertThat(states(there)).isEmpty();
    here.kapsel("rm", "-f", "web").ok();
    here.kapsel("network", "rm", "net").ok();
    there.kapsel("network", "rm", "net").ok();
  }

  /** What stands for ssh: it starts the client there. */
  private static Path standIn(String script) throws Exception {
    Path file = here.home().resolve("ssh-stand-in");
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return file;
  }

  @Test
  void goesBySshToo() throws Exception {
    run("web");
    Path ssh =
        standIn(
            "echo \"$@\" >%s/words; exec nsenter -t %d -n env KAPSEL_RUN=%s KAPSEL_STATE=%s %s __arrive"
                .formatted(
                    here.home(),
                    thereNetwork.pid(),
                    there.run(),
                    there.state(),
                    Product.DIST.resolve("bin/kapsel")));

    here.command("move", "web", "ssh://admin@example.org:2222")
        .env("KAPSEL_SSH", ssh + " -v")
        .within(LONG)
        .run()
        .ok();

    assertThat(states(there)).containsExactly("web running");
    assertThat(HostFiles.read(here.home().resolve("words").toString()))
        .startsWith("-v ")
        .endsWith("-p 2222 admin@example.org kapsel __arrive\n");
  }

  @Test
  void saysWhatSshSays() throws Exception {
    run("web");
    Path ssh = standIn("echo 'admin@example.org: Permission denied (publickey).' >&2; exit 255");

    Result refused =
        here.command("move", "web", "ssh://admin@example.org")
            .env("KAPSEL_SSH", ssh.toString())
            .run();

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("Permission denied (publickey)");
    assertThat(states(here)).containsExactly("web running");
  }

  /** Debian's own sshd on a port of its own, which the engine's host reaches as it would any. */
  @Test
  void goesByARealSshd() throws Exception {
    Path place = Files.createDirectories(here.home().resolve("sshd"));
    for (String key : List.of("host", "user")) {
      Command.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place.resolve(key).toString())
          .run()
          .ok();
    }
    Files.writeString(
        place.resolve("known"),
        "[127.0.0.1]:2299 "
            + Files.readString(place.resolve("host.pub")).split(" root@")[0]
            + "\n");
    Files.writeString(
        place.resolve("config"),
        """
        Port 2299
        ListenAddress 127.0.0.1
        HostKey %1$s/host
        PidFile none
        AuthorizedKeysFile %1$s/user.pub
        StrictModes no
        UsePAM no
        PermitRootLogin yes
        SetEnv KAPSEL_RUN=%2$s KAPSEL_STATE=%3$s PATH=%4$s:/usr/bin:/bin
        """
            .formatted(place, there.run(), there.state(), Product.DIST.resolve("bin")));
    Files.createDirectories(Path.of("/run/sshd"));
    Process sshd =
        Command.of(
                "nsenter",
                "-t",
                Long.toString(hereNetwork.pid()),
                "-n",
                "/usr/sbin/sshd",
                "-D",
                "-e",
                "-f",
                place.resolve("config").toString())
            .start();
    try {
      Await.until(
          Duration.ofSeconds(20),
          () -> "sshd listens",
          () -> TwoHosts.in(hereNetwork, "ss -Hltn").contains(":2299"));
      run("web");

      here.command("move", "web", "ssh://127.0.0.1:2299")
          .env(
              "KAPSEL_SSH",
              "ssh -i %1$s/user -o UserKnownHostsFile=%1$s/known -o BatchMode=yes".formatted(place))
          .within(LONG)
          .run()
          .ok();

      assertThat(states(there)).containsExactly("web running");
      assertThat(states(here)).isEmpty();
    } finally {
      sshd.destroy();
    }
  }

  /**
   * The engine here, the one there, or the client ends at some moment: afterwards the container
   * runs exactly once, or runs here after a start, and nothing half made is there.
   */
  @ParameterizedTest
  @ValueSource(strings = {"here", "there", "client"})
  void runsOnceWhoeverIsKilled(String who) throws Exception {
    for (String line : List.of("round 1", "stopped in", "last round")) {
      run("web");
      in(here, "web", "dd if=/dev/urandom of=/srv/big bs=1M count=16 2>/dev/null");
      Process client = here.command("move", "web", socket(there)).start();
      try (var errors = client.errorReader()) {
        for (String said = errors.readLine(); said != null; said = errors.readLine()) {
          if (said.startsWith(line)) {
            break;
          }
        }
        kill(who, client);
        while (errors.readLine() != null) {}
      }
      assertThat(client.waitFor(100, TimeUnit.SECONDS)).as("the client ends").isTrue();

      bothRun();
      Await.until(
          Duration.ofSeconds(60),
          () -> who + " at " + line + ": " + states(here) + states(there),
          MoveIT::isOnce);
      here.kapsel("rm", "-f", "web");
      there.kapsel("rm", "-f", "web");
    }
  }

  private static void kill(String who, Process client) {
    switch (who) {
      case "here" -> here.killEngine();
      case "there" -> there.killEngine();
      default -> Command.of("kill", "-KILL", Long.toString(client.pid())).run();
    }
  }

  /** One that is not known to run there does not run here either, until somebody asks. */
  private static boolean isOnce() {
    List<String> ours = states(here);
    List<String> theirs = states(there);
    if (ours.contains("web exited") && here.kapsel("start", "web").err().contains("handed over")) {
      move("web", socket(there));
      return false;
    }
    return ours.size() + theirs.size() == 1
        && (ours.contains("web running") || theirs.contains("web running"));
  }

  @Test
  void staysStoppedUntilItIsKnownWhereItIs() throws Exception {
    run("web", "--restart", "always");
    // The way breaks when the order is given, and cannot be found again.
    Path ssh =
        standIn(
            "[ -e %1$s/used ] && exit 1; touch %1$s/used; exec nsenter -t %2$d -n env KAPSEL_RUN=%3$s"
                    .formatted(here.home(), thereNetwork.pid(), there.run())
                + " KAPSEL_STATE=%s %s __arrive"
                    .formatted(there.state(), Product.DIST.resolve("bin/kapsel")));
    Process client =
        here.command("move", "web", "ssh://example.org").env("KAPSEL_SSH", ssh.toString()).start();
    try (var errors = client.errorReader()) {
      for (String said = errors.readLine(); said != null; said = errors.readLine()) {
        if (said.startsWith("stopped in")) {
          there.killEngine();
        }
      }
    }
    assertThat(client.waitFor(100, TimeUnit.SECONDS)).isTrue();
    Files.delete(here.home().resolve("used"));
    here.stopEngine();
    bothRun();

    // Either it was not handed over yet and runs here, or nobody starts it before somebody asks.
    Await.until(
        Duration.ofSeconds(60), () -> "once " + states(here) + states(there), MoveIT::isOnce);
  }
}
