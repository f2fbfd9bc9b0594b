package io.kapsel.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.image.registry.HeaderFuzz;
import io.kapsel.image.tar.TarFuzz;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What fuzzing has found stays found: every input of the corpus, and some thousand others made from
 * it. {@code tests/fuzz/run} looks for more, with coverage.
 */
class FuzzCorpusTest {
  private static final int MUTATIONS = 2000;

  private record Target(String name, Consumer<byte[]> run) {}

  private static final List<Target> TARGETS =
      List.of(
          new Target("reference", DocumentFuzz.Name::fuzzerTestOneInput),
          new Target("digest", DocumentFuzz.Hash::fuzzerTestOneInput),
          new Target("manifest", DocumentFuzz.OfImage::fuzzerTestOneInput),
          new Target("index", DocumentFuzz.OfIndex::fuzzerTestOneInput),
          new Target("config", DocumentFuzz.OfConfig::fuzzerTestOneInput),
          new Target("tar", TarFuzz.Archive::fuzzerTestOneInput),
          new Target("pax", TarFuzz.Pax::fuzzerTestOneInput),
          new Target("packed", TarFuzz.Packed::fuzzerTestOneInput),
          new Target("www-authenticate", HeaderFuzz.WwwAuthenticate::fuzzerTestOneInput),
          new Target("link", HeaderFuzz.Link::fuzzerTestOneInput),
          new Target("content-range", HeaderFuzz.ContentRange::fuzzerTestOneInput),
          new Target("location", HeaderFuzz.Location::fuzzerTestOneInput));

  private static List<Path> corpus(String target) throws IOException, URISyntaxException {
    Path directory = Path.of(FuzzCorpusTest.class.getResource("/fuzz/" + target).toURI());
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  @TestFactory
  Stream<DynamicTest> whatWasFoundStaysFound() {
    return TARGETS.stream()
        .map(target ->
            DynamicTest.dynamicTest(
                target.name(),
                () -> {
                  List<Path> files = corpus(target.name());
                  assertThat(files).isNotEmpty();
                  SplittableRandom random = new SplittableRandom(target.name().hashCode());
                  for (Path each : files) {
                    byte[] input = Files.readAllBytes(each);
                    tried(target, input, each.getFileName().toString());
                    for (int i = 0; i < MUTATIONS / files.size(); i++) {
                      tried(target, mutated(input, random), "made from " + each.getFileName());
                    }
                  }
                }));
  }

  private static void tried(Target target, byte[] input, String what) {
    try {
      target.run().accept(input);
    } catch (RuntimeException | Error e) {
      throw new AssertionError(
          target.name() + " fails by " + what + ": " + java.util.HexFormat.of().formatHex(input),
          e);
    }
  }

  private static byte[] mutated(byte[] input, SplittableRandom random) {
    byte[] made = Arrays.copyOf(input, Math.max(1, input.length + random.nextInt(-2, 3)));
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      int at = random.nextInt(made.length);
      switch (random.nextInt(3)) {
        case 0 -> made[at] = (byte) random.nextInt(256);
        case 1 -> made[at] ^= (byte) (1 << random.nextInt(8));
        default -> {
          int from = random.nextInt(made.length);
          int length = random.nextInt(Math.min(16, made.length - Math.max(at, from)) + 1);
          System.arraycopy(made, from, made, at, length);
        }
      }
    }
    return made;
  }
}
