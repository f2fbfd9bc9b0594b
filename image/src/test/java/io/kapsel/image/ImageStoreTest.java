package io.kapsel.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the list of images promises to whoever changes it, and to whoever reads it meanwhile. */
class ImageStoreTest {
  @TempDir Path state;
  private ImageStore store;

  @BeforeEach
  void open() {
    store = ImageStore.open(state);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** An image without layers. */
  private Descriptor image(int number) {
    Descriptor config =
        store
            .blobs()
            .put(
                MediaTypes.CONFIG,
                bytes(
                    "{\"architecture\":\"%s\",\"os\":\"linux\",\"author\":\"%d\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}"
                        .formatted(Platform.host().architecture(), number)));
    return store
        .blobs()
        .put(
            MediaTypes.MANIFEST,
            bytes(
                "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d},\"layers\":[]}"
                    .formatted(
                        MediaTypes.MANIFEST, MediaTypes.CONFIG, config.digest(), config.size())));
  }

  private static Reference name(int number) {
    return Reference.parse("app:" + number);
  }

  private List<String> names(ImageStore of) {
    return of.images().stream()
        .flatMap(each -> each.names().stream())
        .map(Reference::familiar)
        .sorted()
        .toList();
  }

  private String written() throws IOException {
    return Files.readString(state.resolve("images/index.json"));
  }

  @Test
  void manyChangesTogetherAreWrittenOnceAtTheirEnd() throws IOException {
    IntStream.range(0, 4).forEach(i -> store.name(name(i), image(i), Optional.empty()));
    String before = written();

    String meanwhile =
        store.together(() -> {
          IntStream.range(0, 3).forEach(i -> store.unname(name(i)));
          try {
            return written();
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });

    assertThat(meanwhile).isEqualTo(before);
    assertThat(names(store)).containsExactly("app:3");
    assertThat(names(ImageStore.open(state))).containsExactly("app:3");
  }

  @Test
  void ofChangesThatFailTogetherNoneHasHappened() {
    store.name(name(1), image(1), Optional.empty());

    assertThatThrownBy(() ->
            store.together(() -> {
              store.unname(name(1));
              store.name(
                  name(2),
                  Descriptor.of(MediaTypes.MANIFEST, bytes("nobody has it")),
                  Optional.empty());
              return true;
            }))
        .isInstanceOf(ImageException.Invalid.class);

    assertThat(names(store)).containsExactly("app:1");
    store.name(name(3), image(3), Optional.empty());
    assertThat(names(ImageStore.open(state))).containsExactly("app:1", "app:3");
  }

  @Test
  void whatIsPinnedDuringACollectionStays() throws Exception {
    List<Digest> loose =
        IntStream.range(0, 400).mapToObj(i -> store.blobs().put(bytes("loose " + i))).toList();
    List<Digest> promised = new ArrayList<>();

    try (var threads = Executors.newSingleThreadExecutor();
        Pins pins = store.pins()) {
      Future<Long> collection = threads.submit(() -> store.collect(Set::of));
      for (Digest each : loose) {
        pins.add(each);
        if (store.blobs().has(each)) {
          promised.add(each);
        }
      }
      collection.get(60, TimeUnit.SECONDS);

      assertThat(promised).allMatch(store.blobs()::has);
    }
    store.collect(Set::of);
    assertThat(loose).noneMatch(store.blobs()::has);
  }

  @Test
  void whatIsNamedDuringACollectionStays() throws Exception {
    List<Descriptor> images = IntStream.range(0, 100).mapToObj(this::image).toList();
    List<String> named = new ArrayList<>();

    try (var threads = Executors.newSingleThreadExecutor()) {
      Future<Long> collection = threads.submit(() -> store.collect(Set::of));
      for (int i = 0; i < images.size(); i++) {
        try {
          store.name(name(i), images.get(i), Optional.empty());
          named.add(name(i).familiar());
        } catch (ImageException.Invalid _) {
          // the collection was faster
        }
      }
      collection.get(60, TimeUnit.SECONDS);
    }

    assertThat(names(store)).containsExactlyElementsOf(named.stream().sorted().toList());
    assertThat(names(ImageStore.open(state))).hasSameSizeAs(named);
  }

  @Test
  void theListFollowsEachChange() {
    store.name(name(1), image(1), Optional.empty());
    store.name(name(2), image(2), Optional.empty());
    assertThat(names(store)).containsExactly("app:1", "app:2");

    store.name(name(3), image(1), Optional.empty());
    assertThat(names(store)).containsExactly("app:1", "app:2", "app:3");
    assertThat(store.images()).hasSize(2);

    store.name(name(2), image(1), Optional.empty());
    assertThat(store.images()).hasSize(2).anyMatch(each -> each.names().isEmpty());
    assertThat(store.find("app:2")).isEqualTo(store.find("app:1"));
  }
}
