package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Directories that outlive containers. */
class VolumesIT extends EndToEnd {
  @AfterEach
  void removeVolumes() {
    product.removeAll();
    kapsel("volume", "prune", "-a", "-f").ok();
    assertThat(kapsel("volume", "ls", "-q").ok().out()).isEmpty();
  }

  @Test
  void whatIsWrittenIsThereForTheNext() {
    sh(List.of("-v", "data:/d"), "echo kept > /d/file");

    assertThat(sh(List.of("-v", "data:/other:ro"), "cat /other/file; touch /other/x 2>&1 || true"))
        .startsWith("kept\n")
        .contains("Read-only file system");
    product.killEngine();
    assertThat(sh(List.of("-v", "data:/d"), "cat /d/file")).isEqualTo("kept");
  }

  @Test
  void oneOfASizeIsFullWhenItIsFull() {
    kapsel("volume", "create", "-o", "size=32m", "small").ok();
    String seen = sh(List.of("-v", "small:/d"), "ls -A /d; df -k /d | tail -n 1");
    long kibibytes = Long.parseLong(seen.strip().split("\\s+")[1]);

    assertThat(kibibytes).isBetween(20L << 10, 32L << 10);
    assertThat(
            sh(
                List.of("-v", "small:/d"),
                "echo kept >/d/file; dd if=/dev/zero of=/d/big bs=1M count=64 2>&1 || rm /d/big"))
        .contains("No space left on device");
    product.killEngine();
    assertThat(sh(List.of("-v", "small:/d"), "cat /d/file")).isEqualTo("kept");
    kapsel("volume", "rm", "small").ok();
    assertThat(product.mounts()).isEmpty();
    Result refused = kapsel("volume", "create", "-o", "size=1m");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("has at least 16 MiB");
  }

  @Test
  void aVolumeOfASizeIsFilledLikeAnyOther() {
    kapsel("volume", "create", "-o", "size=32m", "home").ok();

    assertThat(sh(List.of("-v", "home:/home"), "stat -c '%u:%g' /home/user"))
        .isEqualTo("1000:1000");
  }

  private static Result part(String way) {
    String mount = "type=volume,src=parts,dst=/m,volume-subpath=" + way;
    return tryRun(List.of("--mount", mount), "/bin/sh", "-c", "cat /m/file 2>/dev/null || cat /m");
  }

  @Test
  void aPartOfAVolumeNeverLeadsOutOfIt() {
    sh(
        List.of("-v", "parts:/d"),
        "mkdir -p /d/a/b; echo inside >/d/a/b/file; ln -s b /d/a/near; ln -s /etc /d/out;"
            + " ln -s ../../../../../etc /d/a/up; ln -s /proc/self/root/etc /d/magic");

    assertThat(part("a/b").ok().line()).isEqualTo("inside");
    assertThat(part("a/b/file").ok().line()).isEqualTo("inside");
    assertThat(part("a/near").ok().line()).isEqualTo("inside");
    for (String way : List.of("out", "a/up", "magic")) {
      assertThat(part(way).exitCode()).isEqualTo(125);
      assertThat(part(way).err()).contains("cannot start").containsAnyOf("EXDEV", "ELOOP");
    }
    assertThat(part("nowhere").err()).contains("no such file or directory");
    for (String way : List.of("../x", "/etc", "a/../../x")) {
      assertThat(part(way).err()).contains("is no relative path below the volume");
    }
  }

  @Test
  void aDirectoryOfTheHostIsAsTheOptionsOfTheVolumeSay() throws IOException {
    Path there = Files.createDirectory(product.home().resolve("there"));
    String options = "o=bind,ro,noexec,nosuid,noatime";
    kapsel("volume", "create", "-o", "type=none", "-o", "device=" + there, "-o", options, "shown")
        .ok();

    assertThat(
            sh(
                List.of("-v", "shown:/d"),
                "grep ' /d ' /proc/self/mountinfo; (: >/d/x) 2>&1 || true"))
        .contains(" /d ro,nosuid,noexec,noatime,");
    kapsel("run", "-d", "-v", "shown:/d", TestRoot.reference(), "/bin/sleep", "1000").ok();
    run(List.of("-v", "shown:/srv"), "/bin/true"); // is not filled
    kapsel("rm", "-f", kapsel("ps", "-q").line()).ok();
    assertThat(there).isEmptyDirectory();
    HostFiles.delete(there);
  }

  @Test
  void whatItIsIsShownByTemplatesAsByDocker() {
    kapsel("volume", "create", "plain").ok();
    kapsel("volume", "create", "--label", "a=b", "-o", "type=tmpfs", "-o", "device=tmpfs", "small")
        .ok();
    String format = "{{.Name}} {{.Driver}} {{.Scope}} {{.Labels}} {{.Options}} {{json .Options}}";

    assertThat(kapsel("volume", "inspect", "-f", format, "plain", "small").ok().lines())
        .containsExactly(
            "plain local local map[] map[] null",
            "small local local map[a:b] map[device:tmpfs type:tmpfs]"
                + " {\"device\":\"tmpfs\",\"type\":\"tmpfs\"}");
    String place = "{{.Mountpoint}} {{.CreatedAt}}";
    assertThat(kapsel("volume", "inspect", "-f", place, "plain").ok().line())
        .matches("/.*/volumes/plain/[^ ]+ 2[0-9]{3}-[^ ]+Z");
  }

  @Test
  void anEmptyOneGetsWhatTheRootHasThere() {
    assertThat(sh(List.of("-v", "home:/home"), "stat -c '%u:%g' /home/user"))
        .isEqualTo("1000:1000");
    assertThat(sh(List.of("--mount", "type=volume,src=bare,dst=/home,volume-nocopy"), "ls /home"))
        .isEmpty();
  }

  @Test
  void oneWithoutANameGoesWithItsContainer() {
    sh(List.of("-v", "/scratch"), "echo x > /scratch/x");
    assertThat(kapsel("volume", "ls", "-q").ok().out()).isEmpty();
    kapsel("create", "--name", "holds", "-v", "/scratch", TestRoot.reference(), "/bin/true").ok();
    String name = kapsel("volume", "ls", "-q").ok().line();
    assertThat(name).matches("[0-9a-f]{64}");
    Result refused = kapsel("volume", "rm", name);

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("volume is in use - [");
    kapsel("rm", "-v", "holds").ok();
    assertThat(kapsel("volume", "ls", "-q").ok().out()).isEmpty();
  }

  @Test
  void anotherContainerSharesThem() {
    kapsel(
            "run",
            "-d",
            "--name",
            "first",
            "-v",
            "data:/d",
            TestRoot.reference(),
            "/bin/sleep",
            "100")
        .ok();
    kapsel("exec", "first", "/bin/sh", "-c", "echo shared > /d/f").ok();

    assertThat(sh(List.of("--volumes-from", "first:ro"), "cat /d/f; touch /d/f 2>&1 || true"))
        .startsWith("shared\n")
        .contains("Read-only");
  }

  @Test
  void optionsAreMountedWhileItIsUsed() {
    kapsel("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=1m", "mem")
        .ok();

    assertThat(
            sh(
                List.of("-v", "mem:/m"),
                "dd if=/dev/zero of=/m/x bs=64k count=64 2>&1 | tail -1; ls -l /m/x"))
        .contains("1048576");
    assertThat(product.mounts()).isEmpty();
    assertThat(sh(List.of("-v", "mem:/m"), "ls /m")).isEmpty();
  }
}
