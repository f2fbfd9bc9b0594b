package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.RootSource;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the documentation, as it shows them; needs root. */
class ExamplesIT {
  @TempDir Path directory;
  private Kapsel kapsel;

  @BeforeEach
  void open() {
    kapsel = Kapsel.open(EngineConfig.of(directory.resolve("state"), directory.resolve("run")));
  }

  @AfterEach
  void close() throws Exception {
    for (Container container : kapsel.containers()) {
      container.remove(true);
    }
    kapsel.close();
  }

  private Container container(String... command) {
    return kapsel.create(
        new ContainerSpecBuilder(new RootSource.Host()).command(List.of(command)).build());
  }

  @Test
  void filesAreCopied() throws Exception {
    Container container = container("sh", "-c", "tr a-z A-Z </in >/out");
    Path in = Files.writeString(directory.resolve("in"), "hello");
    Path out = directory.resolve("out");

    container.files().copyIn(in, "/in");
    container.start();
    container.await();
    container.files().copyOut("/out", out);
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    container.files().read("/out", false, archive);

    assertThat(out).hasContent("HELLO");
    assertThat(archive.size()).isGreaterThan(1024);
    assertThat(container.files().changes())
        .containsEntry("/in", ChangeKind.ADDED)
        .containsEntry("/out", ChangeKind.ADDED);
  }

  @Test
  void aLogIsFollowed() throws Exception {
    Container container = container("sh", "-c", "echo one; echo two >&2; sleep 1; echo three");
    StringBuilder seen = new StringBuilder();
    container.start();

    LogQuery query = new LogQuery(OptionalInt.of(10), Optional.empty(), Optional.empty(), true);
    try (LogReader log = container.log(query)) {
      Optional<LogRecord> piece = log.next(); // waits until there is one, or the container ends
      while (piece.isPresent()) {
        seen.append(new String(piece.get().bytes(), StandardCharsets.UTF_8));
        piece = log.next();
      }
    }

    assertThat(seen.toString().lines()).containsExactlyInAnyOrder("one", "two", "three");
  }
}
