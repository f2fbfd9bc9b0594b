package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tools beside a container that has none. */
class DebugIT extends EndToEnd {
  /** A root with one program in it and no shell. */
  private static Path bare() throws IOException {
    Path root = product.home().resolve("bare");
    Files.createDirectories(root.resolve("etc"));
    if (!Files.exists(root.resolve("busybox"))) {
      Files.copy(Path.of("/bin/busybox"), root.resolve("busybox"));
      Files.writeString(root.resolve("etc/own"), "of its own\n");
    }
    return root;
  }

  private static void start(String name, String... flags) throws IOException {
    List<String> words = new java.util.ArrayList<>(List.of("run", "-d", "--name", name));
    words.addAll(List.of(flags));
    words.addAll(List.of("dir:" + bare(), "/busybox", "sleep", "4343"));
    kapsel(words.toArray(String[]::new)).ok();
  }

  private static String debug(String name, String script) {
    return product.command("debug", name, "bash", "-c", script).input("").run().ok().line();
  }

  @Test
  void theToolsOfTheHostSeeTheContainer() throws IOException {
    start("bare");
    assertThat(kapsel("exec", "bare", "/bin/sh").exitCode()).isEqualTo(127);

    assertThat(debug("bare", "cat $TARGET/etc/own; ls $TARGET; tr '\\0' ' ' </proc/1/cmdline"))
        .isEqualTo("of its own\nbusybox\ndev\netc\nproc\nsys\n/busybox sleep 4343");
    String net = kapsel("exec", "bare", "/busybox", "readlink", "/proc/self/ns/net").ok().line();
    assertThat(debug("bare", "readlink /proc/self/ns/net")).isEqualTo(net);
    assertThat(product.command("debug", "bare").input("pwd\nexit 7\n").run().exitCode())
        .isEqualTo(7);
    assertThat(debug("bare", "touch $TARGET/etc/new && ls $TARGET/etc/new")).endsWith("/etc/new");
    assertThat(kapsel("ps", "-aq").ok().lines()).hasSize(1);
  }

  @Test
  void usersOfTheHostAreNoHindrance() throws IOException {
    start("plain", "--userns", "host");

    assertThat(debug("plain", "cat $TARGET/etc/own")).isEqualTo("of its own");
  }

  @Test
  void theFilesOfOneThatDoesNotRunAreReadOnly() throws IOException {
    start("ended");
    kapsel("exec", "ended", "/busybox", "touch", "/etc/written").ok();
    kapsel("stop", "-t", "0", "ended").ok();

    assertThat(debug("ended", "cat $TARGET/etc/own; ls $TARGET/etc; touch $TARGET/x 2>&1; :"))
        .startsWith("of its own\n")
        .contains("written")
        .contains("Read-only file system");
    assertThat(product.mounts()).noneMatch(line -> line.contains("/views/"));
    kapsel("start", "ended").ok();
  }

  @Test
  void toolsMayComeFromElsewhere() throws IOException {
    start("bare");

    assertThat(
            product
                .command(
                    "debug",
                    "--tools",
                    TestRoot.reference(),
                    "bare",
                    "/bin/busybox",
                    "ls",
                    "/proc/1/root")
                .run()
                .ok()
                .lines())
        .contains("busybox", "etc");
  }
}
