package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostRootIT {
  @Test
  void aLayerStaysForThoseWhoBeganWithItWhenTheHostChanges() throws IOException {
    HostRoot root = new HostRoot(List.of(), true);
    Path first = root.layers().getFirst();
    assertThat(first.resolve("etc/shadow")).exists();

    Files.delete(Files.createTempFile(Path.of("/etc"), "kapsel-test-", ".new"));
    Path second = root.layers().getFirst();

    assertThat(second).isNotEqualTo(first);
    assertThat(first.resolve("etc/shadow")).as("not closed below a launch").exists();
  }
}
