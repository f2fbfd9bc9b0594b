package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What the tests read of the machine; a file that has just gone is empty. */
final class HostFiles {
  private HostFiles() {}

  static String read(String path) {
    return read(Path.of(path));
  }

  static String read(Path path) {
    try {
      return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  static byte[] bytes(Path path) {
    try {
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void write(Path path, String text) {
    try {
      Files.createDirectories(path.getParent());
      Files.writeString(path, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Names in a directory; none when it does not exist. */
  static Set<String> names(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return new TreeSet<>(entries.map(entry -> entry.getFileName().toString()).toList());
    } catch (IOException e) {
      return Set.of();
    }
  }

  static String link(String path) {
    try {
      return Files.readSymbolicLink(Path.of(path)).toString();
    } catch (NoSuchFileException e) {
      return "";
    } catch (IOException e) {
      return "";
    }
  }

  /** The processes there are. */
  static List<Long> pids() {
    return names(Path.of("/proc")).stream()
        .filter(name -> name.matches("\\d+"))
        .map(Long::valueOf)
        .toList();
  }

  /** The parent of a process, 0 when it is gone. */
  static long parent(long pid) {
    String stat = read("/proc/" + pid + "/stat");
    int end = stat.lastIndexOf(')');
    return end < 0 ? 0 : Long.parseLong(stat.substring(end + 2).split(" ")[1]);
  }

  /** Neither gone nor a zombie that only waits for its parent. */
  static boolean alive(long pid) {
    String stat = read("/proc/" + pid + "/stat");
    int end = stat.lastIndexOf(')');
    return end >= 0 && stat.charAt(end + 2) != 'Z' && stat.charAt(end + 2) != 'X';
  }

  /** All below a process, itself not. */
  static List<Long> descendants(long root) {
    List<Long> found = new java.util.ArrayList<>();
    List<Long> level = List.of(root);
    while (!level.isEmpty()) {
      List<Long> parents = level;
      level = pids().stream().filter(pid -> parents.contains(parent(pid))).toList();
      found.addAll(level);
    }
    return found;
  }

  /** The whole subtree goes; what a test made is the test's to remove. */
  static void delete(Path tree) {
    Command.of("rm", "-rf", "--one-file-system", tree.toString()).run();
  }
}
