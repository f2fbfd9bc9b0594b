package io.kapsel.oci.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.oci.InvalidSpecException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Manifests, indexes and configurations as registries send them. */
class ImageRecordsTest {
  private static final String HEX = "0".repeat(64);

  private static Descriptor on(String platform) {
    return Descriptor.of(MediaTypes.MANIFEST, platform.getBytes(StandardCharsets.UTF_8))
        .on(Platform.parse(platform));
  }

  @Test
  void anIndexGivesTheBestFit() {
    Index index = Index.of(List.of(on("linux/arm/v6"), on("linux/arm/v7"), on("linux/amd64")));

    assertThat(index.find(Platform.parse("linux/arm"))).contains(on("linux/arm/v7"));
    assertThat(index.find(Platform.parse("linux/arm/v6"))).contains(on("linux/arm/v6"));
    assertThat(index.find(Platform.parse("x86_64"))).contains(on("linux/amd64"));
    assertThat(index.find(Platform.parse("linux/riscv64"))).isEmpty();
  }

  @Test
  void anAttestationIsNoImage() {
    Descriptor attestation =
        Descriptor.of(MediaTypes.MANIFEST, new byte[0]).on(Platform.parse("unknown/unknown"));

    assertThat(Index.of(List.of(attestation)).find(Platform.host())).isEmpty();
  }

  @Test
  void aSizeIsNeverNegativeNorMoreThanALong() {
    String text = "{\"mediaType\":\"x\",\"digest\":\"sha256:" + HEX + "\",\"size\":%s}";

    assertThatThrownBy(() -> read(text.formatted("9223372036854775808"), Descriptor.class))
        .isInstanceOf(InvalidSpecException.class);
    assertThatThrownBy(() -> read(text.formatted("18446744073709551616"), Descriptor.class))
        .isInstanceOf(JsonException.class);
  }

  @Test
  void aDigestIsNeverAPath() {
    for (String bad : List.of("sha256:../../x", "sha256:" + "A".repeat(64), "sha256:", "../x")) {
      assertThatThrownBy(() -> Digest.parse(bad)).isInstanceOf(InvalidSpecException.class);
    }
  }

  @Test
  void dockersConfigurationIsRead() {
    ImageConfig config =
        read(
            """
            {"architecture":"amd64","os":"linux","config":{"Env":["A=b"],"Cmd":null,
             "Entrypoint":["/e"],"Volumes":{"/data":{}},"ExposedPorts":{"80/tcp":{}},
             "Labels":null,"Healthcheck":{"Test":["CMD","x"],"Interval":1000}},
             "rootfs":{"type":"layers","diff_ids":["sha256:%s"]},
             "history":[{"created":"2024-01-01T00:00:00Z","empty_layer":true}],"extra":[1,{}]}
            """
                .formatted(HEX),
            ImageConfig.class);

    assertThat(config.execution().entrypoint()).containsExactly("/e");
    assertThat(config.execution().volumes()).containsOnlyKeys("/data");
    assertThat(config.execution().healthcheck().orElseThrow().interval())
        .isEqualTo(Optional.of(1000L));
    assertThat(config.diffIds()).hasSize(1);
    assertThat(read(new String(Json.write(config), StandardCharsets.UTF_8), ImageConfig.class))
        .isEqualTo(config);
  }

  @Test
  void brokenTextNeverDoesMoreThanBeRefused() {
    Manifest whole =
        Manifest.of(
            Descriptor.of(MediaTypes.CONFIG, new byte[1]),
            List.of(Descriptor.of(MediaTypes.LAYER_GZIP, new byte[2])));
    byte[] text = Json.write(whole);
    SplittableRandom random = new SplittableRandom(4);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] broken = text.clone();
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        broken[random.nextInt(broken.length)] = (byte) random.nextInt(256);
      }
      try {
        Json.read(broken, Manifest.class);
      } catch (JsonException | InvalidSpecException _) {
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  private static <T> T read(String json, Class<T> type) {
    return Json.read(json.getBytes(StandardCharsets.UTF_8), type);
  }
}
