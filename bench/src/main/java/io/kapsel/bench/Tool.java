package io.kapsel.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Other programs: run to their end, or kept and asked line by line. */
final class Tool implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;
  private final Writer in;

  private Tool(Process process) {
    this.process = process;
    this.out = process.inputReader(StandardCharsets.UTF_8);
    this.in = process.outputWriter(StandardCharsets.UTF_8);
  }

  /** Runs a command and returns the lines it prints; one that fails ends the benchmark. */
  static List<String> run(Map<String, String> environment, List<String> words) {
    try {
      Process process = start(environment, words);
      process.getOutputStream().close();
      List<String> lines = process.inputReader(StandardCharsets.UTF_8).lines().toList();
      if (process.waitFor() != 0) {
        throw new IllegalStateException(
            words + " ended with " + process.exitValue() + ": " + lines);
      }
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted: " + words, e);
    }
  }

  static List<String> run(String... words) {
    return run(Map.of(), List.of(words));
  }

  /** Keeps a program that answers each line with a line. */
  static Tool keep(String... words) {
    try {
      return new Tool(start(Map.of(), List.of(words)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Process start(Map<String, String> environment, List<String> words)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** One question, one answer. */
  double ask() {
    try {
      in.write("\n");
      in.flush();
      String line = out.readLine();
      if (line == null) {
        throw new IllegalStateException("the program has ended: " + process.info());
      }
      return Double.parseDouble(line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      in.close();
      process.waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }

  static String read(Path path) {
    try {
      return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  static void write(Path path, byte[] bytes) {
    try {
      Files.write(path, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> words(List<String> first, String... more) {
    List<String> all = new ArrayList<>(first);
    all.addAll(Arrays.asList(more));
    return all;
  }
}
