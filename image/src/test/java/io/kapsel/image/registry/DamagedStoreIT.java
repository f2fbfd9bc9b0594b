package io.kapsel.image.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.image.Image;
import io.kapsel.image.ImageStore;
import io.kapsel.oci.image.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Row F5 for images: each file of a store, damaged in each way, while no engine runs. The store
 * opens, shows nothing that is not whole, and the next pull makes it whole again. Needs root.
 */
class DamagedStoreIT extends PullFixture {
  enum Damage {
    EMPTY,
    HALF,
    ZEROS,
    GARBAGE,
    GONE;

    void to(Path file) throws IOException {
      byte[] before = Files.readAllBytes(file);
      switch (this) {
        case EMPTY -> Files.write(file, new byte[0]);
        case HALF -> Files.write(file, Arrays.copyOf(before, before.length / 2));
        case ZEROS -> Files.write(file, new byte[before.length]);
        case GARBAGE -> Files.writeString(file, "?".repeat(before.length));
        case GONE -> Files.delete(file);
      }
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all =
        Stream.concat(
            Files.walk(state.resolve("images")), Files.list(state.resolve("layers/sha256")))) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void aDamagedFileIsNeverTakenForWhole(Damage damage) throws IOException {
    pull();
    store.layers().makeDurable();
    List<Path> files = files();
    assertThat(files).hasSize(6); // layout, index, manifest, configuration, layer, its record
    for (Path each : files) {
      damage.to(each);

      ImageStore again = ImageStore.open(state);
      for (Image image : again.images()) {
        assertThat(again.blobs().document(image.id())).isEqualTo(this.image.config);
      }
      Image pulled = pull(again, Credentials.ANONYMOUS).image();

      Digest layer = pulled.config().diffIds().getFirst();
      assertThat(again.layers().path(layer).resolve("f")).as(each.toString()).hasSize(300_000);
      assertThat(again.blobs().document(pulled.id())).isEqualTo(this.image.config);
      assertThat(Files.readString(state.resolve("images/oci-layout"))).contains("1.0.0");
      again.layers().makeDurable();
      assertThat(files).allMatch(Files::exists);
    }
  }

  @Test
  void aLayerThatHasToBeUnpackedFromADamagedBlobIsFetchedAgain() throws IOException {
    pull();
    store.layers().makeDurable();
    for (Damage damage : Damage.values()) {
      ImageStore first = ImageStore.open(state);
      damage.to(first.blobs().path(image.layerDescriptor.id()));
      Files.delete(state.resolve("layers/sha256/" + layer(first).hex() + ".json"));
      registry.asked.clear();

      ImageStore again = ImageStore.open(state);
      pull(again, Credentials.ANONYMOUS);

      assertThat(again.layers().path(layer(again)).resolve("f")).as(damage.name()).hasSize(300_000);
      assertThat(Digest.of(Files.readAllBytes(again.blobs().path(image.layerDescriptor.id()))))
          .isEqualTo(image.layerDescriptor.id());
      assertThat(registry.count(image.layerPath())).as(damage.name()).isEqualTo(1);
      again.layers().makeDurable();
    }
  }

  private static Digest layer(ImageStore from) {
    return from.images().getFirst().config().diffIds().getFirst();
  }

  @Test
  void whatWasBeingWrittenIsRemovedOrGoneOnWith() throws IOException {
    pull();
    store.layers().makeDurable();
    Path half = Files.createDirectory(state.resolve("layers/sha256/" + "a".repeat(64)));
    Files.writeString(half.resolve("f"), "half");
    Path other = Files.createDirectory(state.resolve("layers/sha256/" + "b".repeat(64) + ".x.new"));
    Path index = Files.writeString(state.resolve("images/index.json.new"), "{");
    Path copied = Files.writeString(state.resolve("downloads/1.new"), "half");
    Path part =
        Files.writeString(state.resolve("downloads/sha256-" + "c".repeat(64) + ".part"), "kept");

    ImageStore again = ImageStore.open(state);

    assertThat(List.of(half, other, copied)).noneMatch(Files::exists);
    assertThat(part).exists();
    assertThat(again.images()).hasSize(1);
    again.name(name().tagged("2"), again.images().getFirst().descriptor(), Optional.empty());
    assertThat(index).doesNotExist();
    assertThat(
            new String(
                Files.readAllBytes(state.resolve("images/index.json")), StandardCharsets.UTF_8))
        .contains(":2");
  }
}
