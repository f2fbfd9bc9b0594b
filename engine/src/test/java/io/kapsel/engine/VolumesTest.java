package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.RootSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Volumes from their making to their end, also when a crash comes between. */
class VolumesTest {
  @TempDir private Path state;
  private final Map<String, Set<String>> users = new HashMap<>();
  private Volumes volumes;

  @BeforeEach
  void open() {
    volumes = new Volumes(state, new Events(), name -> users.getOrDefault(name, Set.of()));
  }

  @AfterEach
  void close() {
    volumes.close();
  }

  private void reopen() {
    volumes.close();
    open();
  }

  private Volume create(String name) {
    return volumes.create(Optional.of(name), Map.of(), Map.of("a", "b"));
  }

  private static ContainerSpec spec(String... mounts) {
    return new ContainerSpecBuilder(new RootSource.Host())
        .mounts(
            List.of(mounts).stream()
                .map(text -> MountRequest.parseVolume(text, Path.of("/")))
                .toList())
        .build();
  }

  @Test
  void whatIsLeftOfOneThatCouldNotBeMadeDoesNotKeepItsName() throws IOException {
    Files.createDirectories(state.resolve("volumes/again/_data"));

    assertThat(create("again").name()).isEqualTo("again");
  }

  @Test
  void oneIsFoundAgainByTheNextEngine() {
    Volume made = create("data");
    Volume unnamed = volumes.create(Optional.empty(), Map.of(), Map.of());
    reopen();

    assertThat(volumes.list()).containsExactlyInAnyOrder(made, unnamed);
    assertThat(unnamed.anonymous()).isTrue();
    assertThat(unnamed.name()).matches("[0-9a-f]{64}");
    assertThat(volumes.get("data").labels()).isEqualTo(Map.of("a", "b"));
  }

  @Test
  void oneThatIsThereStaysAsItIs() throws IOException {
    Files.writeString(create("data").content().resolve("file"), "x");

    assertThat(create("data").content().resolve("file")).hasContent("x");
    assertThatThrownBy(() ->
            volumes.create(
                Optional.of("data"), Map.of("type", "tmpfs", "device", "tmpfs"), Map.of()))
        .hasMessage("cannot create 'data': a volume of that name was made with other options");
  }

  @Test
  void whatIsUsedOrAboutToBeIsNotRemoved() {
    create("data");
    ContainerSpec held = volumes.hold(spec("data:/a"));
    assertThatThrownBy(() -> volumes.remove("data"))
        .isInstanceOf(EngineException.Conflict.class)
        .hasMessage("cannot remove 'data': volume is in use - []");
    volumes.release(held);
    users.put("data", Set.of("c1"));
    assertThatThrownBy(() -> volumes.remove("data")).hasMessageContaining("[c1]");
    users.clear();
    volumes.remove("data");

    assertThat(volumes.list()).isEmpty();
    assertThat(state.resolve("volumes/data")).doesNotExist();
    assertThatThrownBy(() -> volumes.remove("data"))
        .isInstanceOf(EngineException.NotFound.class)
        .hasMessage("cannot find 'data': there is no such volume");
  }

  @Test
  void aContainerGetsWhatItNamesAndWhatItDoesNot() {
    ContainerSpec whole = volumes.hold(spec("data:/a", "/b", "/srv:/c"));
    volumes.release(whole);

    assertThat(Volumes.names(whole)).hasSize(2).contains("data");
    assertThat(volumes.list()).hasSize(2);
    volumes.removeAnonymous(whole);
    assertThat(volumes.list()).extracting(Volume::name).containsExactly("data");
  }

  @Test
  void aHalfMadeOneIsClearedAwayAndADamagedOneLeftAlone() throws IOException {
    create("good");
    Files.createDirectories(state.resolve("volumes/half/_data"));
    Files.writeString(create("bad").content().resolveSibling("volume.json"), "{");
    reopen();

    assertThat(volumes.list()).extracting(Volume::name).containsExactly("good");
    assertThat(state.resolve("volumes/half")).doesNotExist();
    assertThat(state.resolve("volumes/bad/_data")).exists();
    assertThatThrownBy(() -> create("bad")).hasMessageContaining("cannot be read");
  }

  @ParameterizedTest
  @CsvSource({
    "foo, 1, invalid option",
    "type, nfs, missing device",
    "device, /srv, missing type",
    "size, 1m, a volume of a size has at least",
  })
  void optionsThatMakeNoSenseAreRefused(String key, String value, String message) {
    assertThatThrownBy(() -> volumes.create(Optional.of("data"), Map.of(key, value), Map.of()))
        .hasMessageContaining(message);
    assertThat(volumes.list()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"../x", ".", "a/b", "-x", "x"})
  void aNameThatIsNoneIsRefused(String name) {
    assertThatThrownBy(() -> create(name)).isInstanceOf(EngineException.Invalid.class);
    assertThat(state.resolve("volumes")).isEmptyDirectory();
  }
}
