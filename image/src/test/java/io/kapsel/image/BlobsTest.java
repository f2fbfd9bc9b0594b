package io.kapsel.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobsTest {
  private static final String HEX = "0123456789abcdef".repeat(4);

  @TempDir Path state;

  @Test
  void whatWasBeingWrittenWhenAnEngineDiedIsRemoved() throws IOException {
    Path blobs = Files.createDirectories(state.resolve("blobs/sha256"));
    Files.createFile(blobs.resolve(HEX));
    Files.createFile(blobs.resolve(HEX + ".new"));

    Blobs opened = new Blobs(state.resolve("blobs"), state.resolve("downloads"));

    assertThat(opened.all()).hasSize(1);
    assertThat(Blobs.list(blobs)).containsExactly(blobs.resolve(HEX));
  }
}
