package io.kapsel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** How much native code there is. */
final class Sizes {
  private Sizes() {}

  static List<Figure> measure(Path checkout) throws IOException {
    long lines = 0;
    try (Stream<Path> files = Files.walk(checkout.resolve("native"))) {
      for (Path file : files.filter(Sizes::isSource).toList()) {
        lines += Tool.read(file).lines().count();
      }
    }
    double largest = 0;
    try (Stream<Path> files = Files.walk(checkout.resolve("native/build"))) {
      for (Path file :
          files
              .filter(path -> path.getFileName().toString().matches("kapsel(-launcher|-view)?"))
              .toList()) {
        largest = Math.max(largest, Files.isRegularFile(file) ? Files.size(file) / 1024.0 : 0);
      }
    }
    return List.of(
        Figure.atMost(
            "native-size", "lines of C, with comments", (double) lines, 2_000, "without tests"),
        Figure.atMost("native-size", "largest native program, KB", largest, 64, "stripped"));
  }

  private static boolean isSource(Path path) {
    String name = path.toString();
    return name.matches(".*\\.[chS]") && !name.contains("/test") && !name.contains("/build/");
  }
}
