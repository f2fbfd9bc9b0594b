package io.kapsel.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.oci.image.Descriptor;
import io.kapsel.oci.image.MediaTypes;
import io.kapsel.oci.image.Platform;
import io.kapsel.oci.image.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Taking images away, several at once. */
class ImagesTest {
  @TempDir Path state;
  private Images images;
  private ImageStore store;

  @BeforeEach
  void open() {
    store = ImageStore.open(state);
    images = Images.unused(store);
  }

  private void image(String author, String... names) {
    imageFor(Platform.host().architecture(), author, names);
  }

  private void imageFor(String architecture, String author, String... names) {
    Descriptor config =
        put(
            MediaTypes.CONFIG,
            "{\"architecture\":\"%s\",\"os\":\"linux\",\"author\":\"%s\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}"
                .formatted(architecture, author));
    Descriptor manifest =
        put(
            MediaTypes.MANIFEST,
            "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d},\"layers\":[]}"
                .formatted(MediaTypes.CONFIG, config.digest(), config.size()));
    for (String each : names) {
      store.name(Reference.parse(each), manifest, Optional.empty());
    }
  }

  private Descriptor put(String type, String text) {
    return store.blobs().put(type, text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void eachOfManyIsRemovedAsIfItWereAlone() {
    image("a", "a:1", "a:2");
    image("b", "b:1");

    List<Images.Removal> done =
        images.remove(List.of("a:1", "missing:1", "a:2", "a:2", "b:1"), Optional.empty(), false);

    assertThat(done.stream().map(Images.Removal::done).map(List::size))
        .containsExactly(1, 0, 2, 0, 2);
    assertThat(done.get(1).failure()).containsInstanceOf(ImageException.NotFound.class);
    assertThat(done.get(3).failure()).containsInstanceOf(ImageException.NotFound.class);
    assertThat(ImageStore.open(state).images()).isEmpty();
  }

  @Test
  void anIdOfSeveralNamesNeedsForceAlsoAmongOthers() {
    image("a", "a:1", "a:2");
    image("b", "b:1");
    String id = images.get("a:1").id().hex();

    assertThat(images.remove(List.of("b:1", id), Optional.empty(), false).getLast().failure())
        .containsInstanceOf(ImageException.Conflict.class);
    assertThat(images.remove(List.of(id), Optional.empty(), true).getLast().done()).hasSize(3);
    assertThat(images.list()).isEmpty();
  }

  @Test
  void onePlatformIsTakenOutOfAnIndex() {
    image("a", "a:1");
    imageFor("s390x", "b", "b:1");
    Reference all = Reference.parse("all:1");
    images.index(all, List.of("a:1", "b:1"));
    images.tag("all:1", Reference.parse("all:2"));
    Optional<Platform> other = Optional.of(Platform.parse("linux/s390x"));
    assertThat(store.find(all, other.get())).isPresent();

    assertThat(images.remove(List.of("all:1"), other, false).getFirst().done()).hasSize(1);
    assertThat(images.remove(List.of("all:1"), other, false).getFirst().failure())
        .containsInstanceOf(ImageException.NotFound.class);
    assertThat(images.find("all:1")).isPresent();
    assertThat(images.find("b:1")).isPresent();
    assertThat(store.find(Reference.parse("all:2"), other.get())).isPresent();

    Optional<Platform> own = Optional.of(Platform.host());
    assertThat(images.remove(List.of("all:1"), own, false).getFirst().failure()).isEmpty();
    assertThat(ImageStore.open(state).find("all:1")).isEmpty();
  }
}
