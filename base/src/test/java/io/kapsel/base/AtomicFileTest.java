package io.kapsel.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files that are replaced whole. */
class AtomicFileTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void replacesTheWholeContent(AtomicFile.Durability durability) throws IOException {
    Path file = directory.resolve("state.json");
    AtomicFile.write(file, "a long first content".getBytes(StandardCharsets.UTF_8), durability);
    AtomicFile.write(file, "short".getBytes(StandardCharsets.UTF_8), durability);

    assertThat(file).hasContent("short");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(directory.resolve("state.json.new")).doesNotExist();
  }

  @Test
  void saysWhatItCouldNotWrite() {
    Path file = directory.resolve("missing/state.json");

    assertThatThrownBy(
            () -> AtomicFile.write(file, new byte[1], AtomicFile.Durability.SURVIVES_CRASH))
        .hasMessage("cannot write '" + file + "': no such file or directory (ENOENT)");
  }
}
