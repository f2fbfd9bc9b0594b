package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Containers in containers: {@code lxc-ls --nesting}. */
class LxcNestedIT extends LxcEndToEnd {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private Path root;

  /** One with two in it, one of which has another one. */
  @BeforeEach
  void defineNested() throws IOException {
    HostFiles.delete(place);
    place = Files.createTempDirectory(Path.of("/var/tmp"), "kapsel-lxc"); // /tmp is empty in each
    root = product.home().resolve("outer");
    Command.of("cp", "-a", TestRoot.path().toString(), root.toString()).run().ok();
    define("web", "lxc.rootfs.path = dir:" + root);
    define("other", "lxc.group = red");
    inside("", "inner", "lxc.rootfs.path = dir:/inner", "lxc.group = red", "lxc.start.auto = 1");
    inside("", "second", "# nothing but a name");
    inside("/inner", "deep", "lxc.idmap = u 0 1000 10");
  }

  @AfterEach
  void forgetNested() {
    HostFiles.delete(root);
  }

  /** Defines a container where that one keeps its own: at the same place as this machine. */
  private void inside(String way, String name, String... lines) throws IOException {
    Path directory = Files.createDirectories(Path.of(root + way + place).resolve(name));
    Files.write(directory.resolve("config"), List.of(lines));
  }

  /** As long as it does not run: Debian's falls over what is in one that does. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "lxc-ls --nesting",
        "lxc-ls -1 --nesting",
        "lxc-ls -1 --nesting=1",
        "lxc-ls -1 --nesting=0",
        "lxc-ls -1 --nesting --filter e",
        "lxc-ls -1 --nesting --filter ^web|n",
        "lxc-ls -1 --nesting -g red",
        "lxc-ls -1 --nesting --stopped",
        "lxc-ls -1 --nesting --defined",
        "lxc-ls -1 --nesting --running",
        "lxc-ls --nesting --active",
        "lxc-ls -f --nesting -F NAME,STATE,PID,AUTOSTART,GROUPS,IPV4,IPV6",
        "lxc-ls -f --nesting=1 -F STATE,NAME,INTERFACE,RAM",
      })
  void showsWhatDebiansDoes(String line) {
    Compared said = asDebians(line);

    assertThat(said.found().err()).isEmpty();
  }

  @Test
  void showsThemWhateverTheOuterOneDoes() throws IOException {
    List<String> all = List.of("other", "web", "web/inner", "web/inner/deep", "web/second");
    String[] list = {"lxc-ls", "-1", "--nesting"};

    lxc("lxc-start", "-n", "web").ok();
    assertThat(lxc(list).lines()).isEqualTo(all);
    String mine = place + "/own";
    lxc("lxc-attach", "-n", "web", "--", "mkdir", "-p", mine).ok();
    lxc("lxc-attach", "-n", "web", "--", "touch", mine + "/config").ok();
    assertThat(lxc(list).lines()).contains("web/own");
    lxc("lxc-stop", "-k", "-n", "web").ok();

    assertThat(lxc(list).lines()).contains("web/own").containsAll(all);
    assertThat(lxc("lxc-ls", "--nesting=x").err()).contains("'x' in --nesting is no number");
  }

  /** LXC listens for commands at a name without a file, in the network of the outer container. */
  @Test
  void tellsWhichOfThemRun() throws Exception {
    lxc("lxc-start", "-n", "web").ok();
    String pid = lxc("lxc-info", "-n", "web", "-pH").line();
    Process listening =
        Command.of(
                "nsenter",
                "-n",
                "-t",
                pid,
                "python3",
                "-c",
                "import socket,time;s=socket.socket(socket.AF_UNIX);s.bind('\\0%s/inner/command');s.listen();time.sleep(600)"
                    .formatted(place))
            .start();
    String[] table = {"lxc-ls", "-f", "--nesting", "-F", "NAME,STATE,PID,UNPRIVILEGED"};
    try {
      Await.until(
          PATIENCE,
          () -> "it listens",
          () -> lxc(table).out().replaceAll(" +", " ").contains("inner RUNNING"));

      assertThat(lxc(table).lines())
          .filteredOn(line -> line.contains("\\"))
          .extracting(line -> line.replaceAll(" +", " "))
          .containsExactly(
              "\\inner RUNNING - false ", " \\deep UNKNOWN - true ", "\\second STOPPED - false ");
      assertThat(lxc("lxc-ls", "-1", "--nesting", "--running").lines())
          .containsExactly("web", "web/inner");
    } finally {
      listening.destroy();
    }
  }

  /** Else one that is its own root, and has many such, would be shown for ever. */
  @Test
  void showsNoEndlessCrowd() throws IOException {
    for (int i = 0; i < 50; i++) {
      inside("", "endless" + i, "lxc.rootfs.path = /");
    }

    Result found = lxc("lxc-ls", "-1", "--nesting=9").ok();

    assertThat(found.lines()).hasSizeLessThan(2000).contains("other");
    assertThat(found.err()).contains("No more than 1024 are shown of web");
  }

  /** Nothing of what is written in there leads out, or speaks to the terminal of who looks. */
  @Test
  void whatIsInsideLeadsNowhereElse() throws IOException {
    Path secret = product.home().resolve("secret");
    Files.writeString(secret, "lxc.group = secret\n");
    Path inner = Path.of(root.toString() + place);
    Path linked = Files.createDirectory(inner.resolve("linked"));
    Files.createSymbolicLink(linked.resolve("config"), secret);
    Path climbing = Files.createDirectory(inner.resolve("climbing"));
    Files.createSymbolicLink(
        climbing.resolve("config"),
        Path.of("../../../../../../../..").resolve(secret.toString().substring(1)));
    inside("", "including", "lxc.include = " + secret);
    inside("", "speaking", "lxc.group = a\033[31mb");
    inside("", "\033[2J", "lxc.group = x");
    Path waiting = Files.createDirectory(inner.resolve("waiting"));
    Command.of("mkfifo", waiting.resolve("config").toString()).run().ok();
    inside("", "leaving", "lxc.rootfs.path = /../../../../../../..");
    String[] table = {"lxc-ls", "-f", "--nesting", "-F", "NAME,GROUPS"};

    for (boolean running : List.of(false, true)) {
      if (running) {
        lxc("lxc-start", "-n", "web").ok();
      }
      Result found = lxc(table).ok();

      assertThat(found.out())
          .contains("\\including ", "a?[31mb", "\\leaving ")
          .doesNotContain("secret", "linked", "climbing", "waiting", "\033");
      assertThat(found.err()).isEmpty();
    }
  }

  /** What makes no sense in there keeps nothing else from being shown. */
  @Test
  void whatIsInsideHidesNothingElse() throws IOException {
    String circle = "\033[2Jcircle";
    inside("", "circling", "lxc.rootfs.path = /" + circle);
    Files.createSymbolicLink(root.resolve(circle), Path.of(circle));
    inside("", "lengthy", "lxc.rootfs.path = /\033]0;me\007" + "a".repeat(300));
    inside("", "nothing", "lxc.rootfs.path = /a\0b");
    inside("", "repeating", "lxc.cgroup.cpuset.cpus = 0" + ",0".repeat(16_000), "lxc.group = red");
    String odd = "d=$0/$(printf 'odd\\377'); mkdir \"$d\" && touch \"$d/config\"";
    Command.of("sh", "-c", odd, root.toString() + place).run().ok();

    for (boolean running : List.of(false, true)) {
      if (running) {
        lxc("lxc-start", "-n", "web").ok();
      }
      Result found = lxc("lxc-ls", "-1", "--nesting").ok();

      assertThat(found.lines())
          .containsExactly(
              "other",
              "web",
              "web/circling",
              "web/inner",
              "web/inner/deep",
              "web/lengthy",
              "web/nothing",
              "web/repeating",
              "web/second");
      assertThat(found.err().lines())
          .hasSize(2)
          .anyMatch(line -> line.startsWith("Failed to look into web/circling: "))
          .anyMatch(line -> line.startsWith("Failed to look into web/lengthy: "))
          .allMatch(line -> line.codePoints().noneMatch(Character::isISOControl));
    }
  }

  /** Else all of it together would be more than the engine has memory for. */
  @Test
  void readsNoEndlessText() throws IOException {
    String[] lines = Collections.nCopies(2700, "lxc.group=a").toArray(String[]::new);
    for (int i = 0; i < 512; i++) {
      inside("", "a%03d".formatted(i), lines);
    }

    for (boolean running : List.of(false, true)) {
      if (running) {
        lxc("lxc-start", "-n", "web").ok();
      }
      Result found = lxc("lxc-ls", "-1", "--nesting").ok();

      assertThat(found.lines()).contains("other", "web", "web/a000").hasSizeBetween(30, 40);
      assertThat(found.err()).isEqualTo("No more than 1024 KiB are read of web\n");
    }
  }
}
