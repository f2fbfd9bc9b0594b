package io.kapsel.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Root file systems: the machine's own, a directory, an archive. */
class RootsIT extends EndToEnd {
  @ParameterizedTest
  @CsvSource({
    "tar,--format=pax",
    "tar.gz,-z",
    "tar.xz,-J",
    "tar.zst,--zstd",
    "gnu.tar,--format=gnu"
  })
  void archives(String suffix, String option) {
    Path archive = product.home().resolve("root." + suffix);
    Command.of("tar", "-C", TestRoot.path().toString(), option, "-cf", archive.toString(), ".")
        .run()
        .ok();

    Result result =
        kapsel(
                "run",
                "--rm",
                "tar:" + archive,
                "/bin/sh",
                "-c",
                "stat -c '%u:%g %a' /home/user /bin/probe-setuid; readlink /bin/ls; touch /new")
            .ok();

    assertThat(result.line()).isEqualTo("1000:1000 755\n0:0 4755\nbusybox");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../outside", "/tmp/kapsel-e2e-outside", "a/../../outside", "link/outside"})
  void anArchiveDoesNotLeaveItsRoot(String name) {
    Path outside = Path.of("/tmp/kapsel-e2e-outside");
    Path archive = product.home().resolve("evil.tar");
    Command.of("python3", "-c", EVIL, archive.toString(), name, TestRoot.path().toString())
        .run()
        .ok();

    Result result = kapsel("run", "--rm", "tar:" + archive, "/bin/true");

    assertThat(result.exitCode()).as(result.toString()).isIn(0, 125);
    assertThat(outside).doesNotExist();
    assertThat(product.home().resolve("outside")).doesNotExist();
    assertThat(Path.of("/tmp/outside")).doesNotExist();
  }

  private static final String EVIL =
      """
      import io, sys, tarfile
      with tarfile.open(sys.argv[1], 'w') as tar:
          tar.add(sys.argv[3] + '/bin', 'bin')
          link = tarfile.TarInfo('link'); link.type = tarfile.SYMTYPE; link.linkname = '/tmp'
          tar.addfile(link)
          entry = tarfile.TarInfo(sys.argv[2]); entry.size = 4
          tar.addfile(entry, io.BytesIO(b'evil'))
      """;

  @Test
  void theHostIsSeenWithoutItsSecrets() {
    String script =
        """
        for d in /home /root /run /tmp /var/tmp /var/lib/kapsel /var/lib/docker /run/kapsel; do
          ls -A $d 2>/dev/null | sed "s|^|$d: |"
        done
        cut -d: -f2 /etc/shadow
        ls /etc/ssh 2>/dev/null | grep host_ | while read k; do wc -c < /etc/ssh/$k; done
        test -d %s && echo state
        true
        """
            .formatted(product.state());

    Result result = kapsel("run", "--rm", "host:", "sh", "-c", script).ok();

    assertThat(result.lines())
        .allMatch(line -> line.equals("!") || line.matches("/run: (lock|shm|mount).*"));
  }

  @Test
  void theHostsFilesAreNotChanged() {
    kapsel(
            "run",
            "--rm",
            "host:",
            "sh",
            "-c",
            "echo x > /etc/kapsel-test; rm -f /bin/true /etc/passwd; echo y >> /etc/hosts")
        .ok();

    assertThat(Path.of("/etc/kapsel-test")).doesNotExist();
    assertThat(Path.of("/bin/true")).exists();
  }

  @Test
  void everythingOfTheHostRuns() {
    assertThat(kapsel("run", "--rm", "host:", "python3", "-c", "print(6*7)").ok().line())
        .isEqualTo("42");
    assertThat(kapsel("run", "--rm", "-u", "1000", "host:", "id", "-u").ok().line())
        .isEqualTo("1000");
  }
}
