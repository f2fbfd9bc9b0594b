package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The disk below the engine is full to the last block (row X3). */
class FullDiskIT {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final String FULL = "no space left on device";

  private Product product;
  private Path rest;

  @BeforeEach
  void mount() {
    product = Product.fresh();
    String script =
        "truncate -s 48M \"$0/disk\"; mke2fs -q -t ext4 -m 0 -J size=4 \"$0/disk\"; mount -o loop \"$0/disk\" \"$1\"";
    Command.of("sh", "-ec", script, product.home().toString(), product.state().toString())
        .run()
        .ok();
    rest = product.state().resolve("rest");
  }

  @AfterEach
  void leavesNothing() {
    try {
      Command.of("rm", "-f", rest.toString()).run();
      if (product.engine() != 0) {
        product.removeAll();
      }
      product.stopEngine();
    } finally {
      Await.until(
          LONG,
          () -> "it is unmounted",
          () -> Command.of("umount", product.state().toString()).run().exitCode() == 0);
      product.close();
    }
  }

  private Result kapsel(String... words) {
    return product.kapsel(words);
  }

  private void create(String name, String script) {
    kapsel(
            "create",
            "--name",
            name,
            "-v",
            "kept:/kept",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            script)
        .ok();
  }

  private void fill() {
    Command.of("dd", "if=/dev/zero", "of=" + rest, "bs=1k").run();
  }

  private String state(String name) {
    return kapsel("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name).ok().line();
  }

  @Test
  void containersCanBeStoppedRemovedAndLaterStarted() {
    create("other", "echo fine");
    create(
        "filler",
        "for each in /fill /kept/fill /dev/shm/fill; do dd if=/dev/zero of=$each bs=64k 2>&1; done;"
            + " echo filled >&2; while :; do echo more and more and more; done");
    kapsel("start", "filler").ok();
    Await.until(
        LONG,
        () -> "it is full",
        () -> kapsel("exec", "filler", "/bin/sh", "-c", "echo x >/y").exitCode() != 0);
    fill();

    kapsel("exec", "filler", "/bin/true").ok();
    assertThat(kapsel("create", TestRoot.reference(), "/bin/true").err()).contains(FULL);
    Path root = TestRoot.path();
    byte[] archive = Command.of("tar", "-cC", root.toString(), "bin/busybox").run().ok().stdout();
    Result imported = product.command("import", "-", "too-large:1").input(archive).run();
    assertThat(imported.err()).startsWith("kapsel: ").contains(FULL);
    assertThat(kapsel("images", "-q").ok().out()).isEmpty();

    kapsel("stop", "-t", "0", "filler").ok();
    assertThat(state("filler")).isEqualTo("exited 137");
    assertThat(kapsel("start", "filler").exitCode()).isIn(0, 1);
    kapsel("kill", "filler");
    product.killEngine();
    assertThat(state("filler")).isEqualTo("exited 137");

    Command.of("rm", rest.toString()).run().ok();
    kapsel("start", "filler").ok();
    kapsel("rm", "-f", "filler").ok();
    Await.until(
        LONG, () -> "there is room again", () -> kapsel("start", "-a", "other").exitCode() == 0);
    assertThat(kapsel("start", "-a", "other").ok().line()).isEqualTo("fine");
    kapsel("rm", "other").ok();
    kapsel("volume", "rm", "kept").ok();
    assertThat(kapsel("volume", "ls", "-q").ok().out()).isEmpty();
  }

  /** Its policy wants it to run: so it does, as soon as there is room. */
  @Test
  void aPolicyTriesAgainUntilThereIsRoom() {
    kapsel(
            "run",
            "-d",
            "--name",
            "again",
            "--restart",
            "always",
            TestRoot.reference(),
            "/bin/sh",
            "-c",
            "mkfifo /go 2>/dev/null; read x </go; exit 3")
        .ok();
    fill();
    kapsel("exec", "-d", "again", "/bin/sh", "-c", "echo >/go").ok();
    Await.until(
        LONG, () -> "it waits: " + state("again"), () -> state("again").startsWith("restarting"));
    Await.until(
        LONG,
        () -> "several starts have failed",
        () ->
            HostFiles.read(product.run().resolve("engine.log")).split("is tried again").length > 3);

    Command.of("rm", rest.toString()).run().ok();
    Await.until(
        LONG, () -> "it runs: " + state("again"), () -> state("again").startsWith("running"));
    kapsel("rm", "-f", "again").ok();
  }

  /** What is damaged cannot be put aside then; all others load. */
  @Test
  void anEngineOpensAlsoWithADamagedRecord() {
    create("good", "echo fine");
    create("bad", "echo fine");
    String bad = kapsel("inspect", "-f", "{{.Id}}", "bad").ok().line();
    product.stopEngine();
    HostFiles.write(
        product.state().resolve("containers").resolve(bad).resolve("container.json"), "{");
    fill();

    List<String> names = kapsel("ps", "-a", "--format", "{{.Names}}").ok().lines();
    assertThat(names).containsExactly("good");
    Command.of("rm", rest.toString()).run().ok();
    assertThat(kapsel("start", "-a", "good").ok().line()).isEqualTo("fine");
    product.stopEngine();
    kapsel("ps").ok();
    assertThat(HostFiles.names(product.state().resolve("quarantine"))).hasSize(1);
  }
}
