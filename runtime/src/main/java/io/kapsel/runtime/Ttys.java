package io.kapsel.runtime;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Terminals besides the console, {@code /dev/tty1} and so on.
 *
 * @param directory where they are below {@code /dev}; links then lead there
 */
public record Ttys(int count, Optional<String> directory) {
  /** Their names, without the directory. */
  List<String> names() {
    return IntStream.rangeClosed(1, count).mapToObj(number -> "tty" + number).toList();
  }

  /** Where one is below {@code /dev}. */
  String place(String name) {
    return directory.map(parent -> parent + "/" + name).orElse(name);
  }
}
