package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Images made from the Debian archive that this machine uses, beside what mmdebstrap makes. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ImageCreateIT extends EndToEnd {
  private static final Duration LONG = Duration.ofMinutes(8);

  /** docs/guide/image-create.md says why. */
  private static final String NOT_COMPARED =
      "(dev/.*|etc/hostname|etc/resolv.conf|var/(lib/apt/lists|cache/apt/archives)/(lock|partial))";

  /** Whose content differs for reasons that the same page has. */
  private static final String OTHER_CONTENT =
      "(etc/shells|var/lib/apt/extended_states|etc/shells|.*-old|var/cache/debconf/.*)";

  private static String id;
  private static Path root;

  @BeforeAll
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  static void makesAnImage() {
    Result made = product.command("image", "create", "debian/bookworm").within(LONG).run().ok();
    id = made.line();
    root = onlyLayer();
    assertThat(made.err()).contains("kapsel: unpacking ", "kapsel: configuring ");
  }

  private static Path onlyLayer() {
    try (Stream<Path> all = Files.list(product.state().resolve("layers/sha256"))) {
      return all.filter(Files::isDirectory).findFirst().orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One line per name: owner, mode, kind, and where a link leads. */
  private static Set<String> files(Path tree) {
    return Command.of("find", tree.toString(), "-mindepth", "1", "-printf", "%P %y %m %U:%G %l\\n")
        .run()
        .ok()
        .out()
        .lines()
        .filter(line -> !line.split(" ")[0].matches(NOT_COMPARED))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> contents(Path tree) {
    return new Command(
            List.of(
                "sh", "-c", "cd \"$1\" && find . -type f -exec md5sum {} +", "sh", tree.toString()))
        .run()
        .ok()
        .out()
        .lines()
        .map(line -> line.substring(36) + " " + line.substring(0, 32))
        .filter(line -> !line.split(" ")[0].matches(NOT_COMPARED + "|" + OTHER_CONTENT))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void equalsWhatMmdebstrapMakes() throws IOException {
    String sources = Files.readString(root.resolve("etc/apt/sources.list"));
    Path other = product.home().resolve("mmdebstrap");
    long date = Files.getLastModifiedTime(root.resolve("etc/shadow")).toInstant().getEpochSecond();
    Command.of("mmdebstrap", "--variant=minbase", "bookworm", other.toString(), "-")
        .env("SOURCE_DATE_EPOCH", Long.toString(date))
        .input(sources)
        .within(LONG)
        .run()
        .ok();
    try {
      assertThat(files(root)).isEqualTo(files(other));
      assertThat(contents(root)).isEqualTo(contents(other));
    } finally {
      Command.of("rm", "-rf", "--one-file-system", other.toString()).run().ok();
    }
  }

  /** It ships halt and poweroff, as systemd does, and diverts those by its script. */
  @Test
  void aPackageMayDivertTheFilesOfAnother() {
    String packages = "molly-guard,systemd-sysv";
    product
        .command("image", "create", "--include", packages, "debian/bookworm", "guarded")
        .within(LONG)
        .run()
        .ok();
    String script =
        "readlink /sbin/halt /lib/molly-guard/halt /usr/sbin/pm-suspend; dpkg --verify;"
            + " dpkg-divert --listpackage /sbin/halt; find / -xdev -name '*.kapsel-*'";
    assertThat(kapsel("run", "--rm", "guarded", "sh", "-c", script).ok().lines())
        .containsExactly(
            "/lib/molly-guard/molly-guard",
            "/bin/systemctl",
            "/lib/molly-guard/molly-guard",
            "molly-guard");
    kapsel("rmi", "guarded").ok();
  }

  @Test
  void isTheSameByteByByteWhenItIsMadeAgain() {
    Result again =
        product.command("image", "create", "debian/bookworm", "again").within(LONG).run().ok();

    assertThat(again.line()).isEqualTo(id);
  }

  @Test
  void runsAndInstallsWhatTheArchiveHas() {
    Result result =
        product
            .command(
                "run",
                "--rm",
                "--network",
                "host",
                "debian/bookworm",
                "sh",
                "-c",
                "dpkg --audit && apt-get -qq update && apt-get -qq install hello && hello")
            .within(LONG)
            .run()
            .ok();

    assertThat(result.out()).endsWith("Hello, world!\n");
  }

  @Test
  void belongsToNoMachineAndLetsNobodyIn() throws IOException {
    String shadow = Files.readString(root.resolve("etc/shadow"));

    assertThat(shadow.lines()).allMatch(line -> line.matches("[^:]+:[*!]+:.*"));
    assertThat(files(root)).noneMatch(line -> line.matches("(var/lib/dbus/machine-id|run/[^l]).*"));
    assertThat(Files.exists(root.resolve("usr/sbin/policy-rc.d"))).isFalse();
  }

  @Test
  void namesASuiteThatTheArchiveDoesNotHave() {
    Result result = kapsel("image", "create", "debian/nonesuch");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("kapsel: cannot find the suite 'nonesuch' at '")
        .doesNotContain("Exception");
    assertThat(kapsel("images").out()).doesNotContain("nonesuch");
  }

  @Test
  void leavesNothingWhenItIsInterrupted() throws IOException, InterruptedException {
    Process process = product.command("image", "create", "debian/bookworm", "half").start();
    try (var err = process.errorReader(StandardCharsets.UTF_8)) {
      assertThat(err.lines().anyMatch(line -> line.contains("unpacking"))).isTrue();
      Command.of("kill", "-INT", Long.toString(process.pid())).run().ok();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }

    assertThat(process.exitValue()).isEqualTo(130);
    assertThat(kapsel("images").out()).doesNotContain("half");
    assertThat(HostFiles.names(product.state().resolve("creating"))).isEmpty();
  }
}
