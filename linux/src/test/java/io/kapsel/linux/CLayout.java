package io.kapsel.linux;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/** What the C compiler says about structures. A machine without gcc fails the tests that ask. */
public final class CLayout {
  private static final Map<String, Long> VALUES = compileAndRun();

  private CLayout() {}

  /**
   * A size such as {@code struct statx}, an offset such as {@code struct statx.stx_uid}, a value.
   */
  public static int of(String name) {
    Long value = VALUES.get(name);
    if (value == null) {
      throw new AssertionError("layouts.c does not print '" + name + "'");
    }
    return Math.toIntExact(value);
  }

  private static Map<String, Long> compileAndRun() {
    try {
      Path directory = Files.createTempDirectory("kapsel-layouts");
      Path source = directory.resolve("layouts.c");
      Path program = directory.resolve("layouts");
      try (InputStream in = CLayout.class.getResourceAsStream("layouts.c")) {
        Files.write(source, in.readAllBytes());
      }
      run("gcc", "-o", program.toString(), source.toString());
      String printed = run(program.toString());
      Trash.delete(source, program, directory);
      return printed
          .lines()
          .collect(
              Collectors.toMap(
                  line -> line.substring(0, line.lastIndexOf(' ')),
                  line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1))));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError("cannot ask the C compiler; is gcc installed?", e);
    }
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new AssertionError("cannot run '" + String.join(" ", command) + "': " + output);
    }
    return output;
  }

  private static final class Trash {
    static void delete(Path... paths) throws IOException {
      for (Path path : paths) {
        Files.delete(path);
      }
    }
  }
}
