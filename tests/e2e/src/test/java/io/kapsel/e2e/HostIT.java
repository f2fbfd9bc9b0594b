package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Hosts that lack something: the engine says what, and runs nothing weaker (rows F7, F15, F16,
 * F18).
 */
class HostIT {
  private Product product;

  @BeforeEach
  void fresh() {
    product = Product.fresh();
  }

  @AfterEach
  void leavesNothing() {
    product.close();
  }

  /**
   * Runs a shell line in which {@code $KAPSEL} is the client, so that it can prepare its engine.
   */
  private Result prepared(String line) {
    return product
        .environment(Command.of("sh", "-c", line, "sh", TestRoot.reference()))
        .env("KAPSEL", Product.DIST.resolve("bin/kapsel").toString())
        .run();
  }

  @Test
  void withoutControlGroupsItSaysSo() {
    Result result =
        product
            .environment(
                Command.of(
                    "unshare",
                    "-m",
                    "sh",
                    "-c",
                    "mount -t tmpfs -o ro none /sys/fs/cgroup && exec $KAPSEL run --rm \"$1\" /bin/echo ran",
                    "sh",
                    TestRoot.reference()))
            .env("KAPSEL", Product.DIST.resolve("bin/kapsel").toString())
            .run();

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(125);
    assertThat(result.err()).startsWith("kapsel: ").containsIgnoringCase("cgroup");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void aSeparateFileSystemBelowTheRootIsSeen() throws Exception {
    Path point = Files.createTempDirectory(Path.of("/opt"), "kapsel-e2e-");
    try {
      String mount = "mount -t tmpfs -o mode=755 tmpfs %s && echo seen > %s/file && ";
      String look = "cat %s/file; touch %s/other";
      String line = mount + "exec $KAPSEL run --rm host: sh -c '" + look + "'";
      Result result =
          product
              .environment(Command.of("unshare", "-m", "sh", "-c", line.replace("%s", point + "")))
              .env("KAPSEL", Product.DIST.resolve("bin/kapsel").toString())
              .run();
      assertThat(result.out()).as(result.toString()).isEqualTo("seen\n");
      assertThat(result.err()).contains("Read-only file system");
    } finally {
      product.stopEngine();
      Files.delete(point);
    }
  }

  @Test
  void withTooFewDescriptorsItSaysSo() {
    Result result = prepared("ulimit -n 40; exec $KAPSEL run --rm \"$1\" /bin/echo ran");

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(125);
    assertThat(result.err()).contains("it may open 40 files, and needs 64 or more");
    assertThat(product.run()).isEmptyDirectory();
  }

  @Test
  void withFewDescriptorsItFailsCleanly() {
    Result result = prepared("ulimit -n 64; exec $KAPSEL run --rm \"$1\" /bin/echo ran");

    assertThat(result.exitCode()).as(result.toString()).isIn(0, 125);
    if (result.exitCode() == 125) {
      assertThat(result.err()).startsWith("kapsel: ");
    }
    product.stopEngine(); // which takes back what it keeps ready
    assertThat(HostFiles.names(product.state().resolve("containers"))).isEmpty();
  }

  @Test
  void withAReadOnlyStateDirectoryItSaysSo() {
    Command.of("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", product.state().toString()).run().ok();
    try {
      Result result = product.kapsel("run", "--rm", TestRoot.reference(), "/bin/true");
      assertThat(result.exitCode()).isEqualTo(125);
      assertThat(result.err()).containsIgnoringCase("read-only file system");
    } finally {
      product.stopEngine();
      Command.of("umount", product.state().toString()).run();
    }
  }

  @Test
  void withoutRootItSaysSo() {
    Path home = product.home();
    Command.of("chown", "-R", "65534:65534", home.toString()).run().ok();
    Result result =
        product
            .environment(
                Command.of(
                    "setpriv",
                    "--reuid=65534",
                    "--regid=65534",
                    "--clear-groups",
                    Product.DIST.resolve("bin/kapsel").toString(),
                    "run",
                    "--rm",
                    TestRoot.reference(),
                    "/bin/true"))
            .run();

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(125);
    assertThat(result.err()).startsWith("kapsel: ").containsIgnoringCase("root");
    product.stopEngine();
    Command.of("chown", "-R", "0:0", home.toString()).run().ok();
  }

  @Test
  void theDoctorNamesAMendForWhatIsMissing() {
    Result result = product.kapsel("doctor");

    assertThat(result.exitCode()).isIn(0, 1);
    assertThat(result.lines()).hasSizeGreaterThan(8);
  }

  @Test
  void theRunDirectoryIsClosedToOthers() {
    product.kapsel("ps").ok();

    assertThat(Command.of("stat", "-c", "%a", product.run().toString()).run().line())
        .isIn("700", "711", "755", "710");
    assertThat(
            Command.of("stat", "-c", "%a", product.run().resolve("kapsel.sock").toString())
                .run()
                .line())
        .matches("[67]00");
  }
}
