package io.kapsel.ocicli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of containers, and what is said of those that are not there. */
class StoreTest {
  @TempDir Path directory;

  private Store store() {
    return new Store(directory.resolve("root"), "/run/x");
  }

  private static Kept kept(int pid, long started, String boot) {
    return new Kept(
        Kept.SCHEMA,
        "1.3.0",
        "web",
        pid,
        started,
        boot,
        "/bundle",
        "/bundle/rootfs",
        "2026-01-02T03:04:05Z",
        "",
        Map.of("a", "b"),
        Map.of(),
        Optional.empty());
  }

  @Test
  void whatWasKeptIsReadAgain() {
    store().make("web").with(kept(1, 5, "boot"));

    assertThat(store().find("web").kept()).isEqualTo(kept(1, 5, "boot"));
    assertThat(store().all()).hasSize(1);
  }

  @Test
  void twoMayForgetOneContainer() throws Exception {
    for (int round = 0; round < 50; round++) {
      Container one = store().make("web");
      for (int file = 0; file < 20; file++) {
        Files.createDirectories(one.directory().resolve("d" + file).resolve("e"));
      }
      try (var both = Executors.newFixedThreadPool(2)) {
        List<Future<?>> ends = List.of(both.submit(one::forget), both.submit(one::forget));
        for (Future<?> end : ends) {
          end.get();
        }
      }
      assertThat(one.directory()).doesNotExist();
    }
  }

  @Test
  void anIdIsTakenOnlyOnce() {
    store().make("web");

    assertThatThrownBy(() -> store().make("web"))
        .hasMessage("container with given ID already exists");
  }

  @Test
  void idsLeadNowhereElse() {
    for (String id : new String[] {"..", ".", "a/b", "", "a b", "ä"}) {
      assertThatThrownBy(() -> store().make(id)).as(id).isInstanceOf(OciException.class);
    }
  }

  @Test
  void unknownContainersDoNotExist() {
    assertThatThrownBy(() -> store().find("nope")).hasMessage("container does not exist");
    assertThatThrownBy(() -> store().find("../web")).hasMessage("container does not exist");
  }

  @Test
  void oneThatNeverHadAStateDoesNotExistAndCanBeSwept() {
    store().make("web");

    assertThat(store().read("web")).isEmpty();
    store().sweep("web");
    assertThat(directory.resolve("root/web")).doesNotExist();
  }

  @Test
  void aProcessOfAnotherBootOrStartIsNotTheContainers() {
    int own = (int) ProcessHandle.current().pid();
    long started = ProcessFacts.started(own);
    Store store = store();
    store.make("web");
    Container container = new Container(directory.resolve("root/web"), Optional.empty());

    assertThat(container.with(kept(own, started, ProcessFacts.bootId())).status())
        .isEqualTo(Status.RUNNING);
    assertThat(container.with(kept(own, started, "another")).status()).isEqualTo(Status.STOPPED);
    assertThat(container.with(kept(own, started + 1, ProcessFacts.bootId())).status())
        .isEqualTo(Status.STOPPED);
  }

  @Test
  void aContainerThatWaitsToBeStartedIsCreated() throws Exception {
    int own = (int) ProcessHandle.current().pid();
    Container container =
        store().make("web").with(kept(own, ProcessFacts.started(own), ProcessFacts.bootId()));
    Files.createFile(container.barrier());

    assertThat(container.status()).isEqualTo(Status.CREATED);
    assertThat(container.shown().pid()).isEqualTo(own);
  }

  @Test
  void theStateOfAStoppedOneHasNoPid() {
    assertThat(kept(7, 1, "x").shown(Status.STOPPED).pid()).isZero();
  }
}
