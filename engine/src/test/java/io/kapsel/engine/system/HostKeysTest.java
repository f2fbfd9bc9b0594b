package io.kapsel.engine.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether OpenSSH itself takes the keys for its own. */
class HostKeysTest {
  @TempDir Path place;

  private static String publicHalf(Path key) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("ssh-keygen", "-y", "-f", key.toString()).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("ssh-keygen reads " + key).isZero();
    return text;
  }

  @Test
  void areThoseThatOpenSshReads() throws IOException, InterruptedException {
    Path state = Files.createDirectory(place.resolve("state"));
    Path upper = Files.createDirectory(place.resolve("upper"));
    List<String> kinds = List.of("ed25519", "ecdsa", "rsa");
    HostKeys.later(
        state,
        kinds.stream()
            .flatMap(kind ->
                List.of("ssh_host_" + kind + "_key", "ssh_host_" + kind + "_key.pub").stream())
            .toList());

    HostKeys.make(state, upper, "root@web2");

    for (String kind : kinds) {
      Path key = upper.resolve("etc/ssh/ssh_host_" + kind + "_key");
      assertThat(publicHalf(key)).isEqualTo(Files.readString(Path.of(key + ".pub")));
      assertThat(Files.getPosixFilePermissions(key)).hasSize(2);
    }
    assertThat(Files.list(state)).isEmpty();
  }

  @Test
  void areMadeOnce() throws IOException {
    Path upper = Files.createDirectory(place.resolve("upper"));

    HostKeys.make(place, upper, "root@web2");

    assertThat(Files.list(upper)).isEmpty();
  }

  @Test
  void nothingElseIsTakenForOne() {
    assertThat(HostKeys.isKey("ssh_host_rsa_key.pub")).isTrue();
    assertThat(HostKeys.isKey("ssh_host_rsa_key-cert.pub")).isFalse();
    assertThat(HostKeys.isKey("sshd_config")).isFalse();
  }

  @Test
  void hostsNameTheCopyWhereTheyNamedTheOther() {
    String hosts = "127.0.1.1\tweb web.example.org\n10.0.0.1 web2 my-web db.web\n";

    assertThat(OwnFiles.renamed(hosts, "web", "new"))
        .isEqualTo("127.0.1.1\tnew new.example.org\n10.0.0.1 web2 my-web db.web\n");
  }
}
