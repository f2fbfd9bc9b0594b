package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What all engines share is there as long as one needs it. */
@Timeout(60)
class SharedParentsTest {
  private static final int ENGINES = 8;
  private static final int TURNS = 200;

  @TempDir Path directory;
  private List<Path> parents;

  @BeforeEach
  void names() {
    parents = List.of(directory.resolve("pids/kapsel"), directory.resolve("memory/kapsel"));
  }

  @Test
  void theLastOneTakesThemAway() throws Exception {
    SharedParents one = SharedParents.hold(parents);
    SharedParents two = SharedParents.hold(parents);
    one.close();
    assertThat(parents).allMatch(Files::isDirectory);
    two.close();
    assertThat(parents).noneMatch(Files::exists);
  }

  @Test
  void whatAContainerIsBelowStays() throws Exception {
    SharedParents one = SharedParents.hold(parents);
    Files.createDirectory(parents.getLast().resolve("container"));
    one.close();
    assertThat(parents.getLast()).isDirectory();
    Files.delete(parents.getLast().resolve("container"));
    SharedParents.hold(parents).close();
    assertThat(parents).noneMatch(Files::exists);
  }

  /** Without the lock, or without a look after it, some would find theirs gone. */
  @Test
  void nobodyLosesThemWhileOthersComeAndGo() throws Exception {
    List<Callable<Boolean>> engines = new ArrayList<>();
    for (int i = 0; i < ENGINES; i++) {
      engines.add(this::comesAndGoes);
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(ENGINES)) {
      for (Future<Boolean> each : threads.invokeAll(engines)) {
        assertThat(each.get()).isTrue();
      }
    }
    assertThat(parents).noneMatch(Files::exists);
  }

  private boolean comesAndGoes() throws Exception {
    for (int i = 0; i < TURNS; i++) {
      try (SharedParents _ = SharedParents.hold(parents)) {
        if (!parents.stream().allMatch(Files::isDirectory)) {
          return false;
        }
      }
    }
    return true;
  }
}
