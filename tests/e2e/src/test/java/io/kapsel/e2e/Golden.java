package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Files of expected output; {@code -Dgolden.update=true} writes them anew, to be read before
 * commit.
 */
final class Golden {
  private static final Path DIRECTORY = Path.of("src/test/resources/golden").toAbsolutePath();

  private Golden() {}

  static List<String> lines(String name) {
    return HostFiles.read(DIRECTORY.resolve(name)).lines().toList();
  }

  static void check(String name, String actual) {
    Path file = DIRECTORY.resolve(name);
    if (Boolean.getBoolean("golden.update")) {
      try {
        Files.writeString(file, actual);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    String expected = HostFiles.read(file);
    if (!expected.equals(actual)) {
      throw new AssertionError(name + " differs:\n" + difference(expected, actual));
    }
  }

  private static String difference(String expected, String actual) {
    StringBuilder text = new StringBuilder();
    expected
        .lines()
        .filter(line -> !actual.contains(line))
        .forEach(line -> text.append("- " + line + "\n"));
    actual
        .lines()
        .filter(line -> !expected.contains(line))
        .forEach(line -> text.append("+ " + line + "\n"));
    return text.toString();
  }
}
