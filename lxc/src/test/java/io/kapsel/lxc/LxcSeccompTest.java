package io.kapsel.lxc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LxcSeccompTest {
  @TempDir Path place;

  private String read(String... lines) throws IOException {
    return LxcSeccomp.read(Files.write(place.resolve("profile"), List.of(lines)));
  }

  @Test
  void aListOfWhatIsDeniedAllowsTheRest() throws IOException {
    String json =
        read(
            "2",
            "denylist errno 1",
            "# why",
            "[all]",
            "kexec_load",
            "mknod errno 0  # silently",
            "socket trap [0,38,SCMP_CMP_EQ]",
            "[pdp11]",
            "open",
            "[all]",
            "reject_force_umount");

    assertThat(json)
        .contains("\"defaultAction\":\"SCMP_ACT_ALLOW\"")
        .contains("kexec_load", "\"errnoRet\":1", "\"errnoRet\":0", "SCMP_ACT_TRAP")
        .contains("\"op\":\"SCMP_CMP_MASKED_EQ\"", "\"errnoRet\":13")
        .doesNotContain("open");
  }

  @Test
  void aListOfWhatIsAllowedEndsTheRestUnlessItSaysOtherwise() throws IOException {
    assertThat(read("2", "allowlist", "[all]", "read"))
        .contains("\"defaultAction\":\"SCMP_ACT_KILL\"", "\"action\":\"SCMP_ACT_ALLOW\"");
    assertThat(read("2", "whitelist errno 22", "[all]", "read"))
        .contains("\"defaultAction\":\"SCMP_ACT_ERRNO\"", "\"defaultErrnoRet\":22");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1;allowlist;0 | line 1: only version 2",
        "2 | line 2: it says neither",
        "2;somelist | line 2: it says neither",
        "2;denylist maybe | line 2: 'maybe' is no action",
        "2;denylist;[all];mknod sometimes | line 4: 'mknod sometimes' is not",
        "2;denylist;mknod notify | line 3: nobody can be asked",
        "2;denylist;mknod errno 1 [0,1] | line 3: '[0,1]' is not",
        "2;denylist;mknod errno 1 [0,1,SCMP_CMP_FOO] | line 3: '[0,1,SCMP_CMP_FOO]' is not",
        "2;denylist;mknod errno 1 [0,one,==] | line 3: 'one' is no number",
        "2;denylist;mknod errno 1 [0,1,&=] | line 3: a mask belongs to",
      })
  void saysWhichLineIsWrong(String lines, String reason) {
    assertThatThrownBy(() -> read(lines.split(";"))).hasMessageContaining(reason);
  }
}
