package io.kapsel.linux.cgroup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What the files of control groups say; see cgroups(7). Groups may go away at any time: what is not
 * there is empty.
 */
public final class GroupFiles {
  private GroupFiles() {}

  /** A file's text without the end of its last line; empty where the file is not there. */
  public static String text(Path file) {
    return String.join("\n", lines(file)).strip();
  }

  /** A file's lines; none where the file is not there. */
  public static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return List.of();
    }
  }

  /** A file of lines of a name and a number; other lines are left out. */
  public static Map<String, Long> table(Path file) {
    Map<String, Long> all = new LinkedHashMap<>();
    for (String line : lines(file)) {
      String[] words = line.split(" ", -1);
      if (words.length == 2 && words[1].matches("\\d{1,18}")) {
        all.put(words[0], Long.parseLong(words[1]));
      }
    }
    return all;
  }

  /** The processes in a group and in those below it, in the caller's numbers, in order. */
  public static List<Integer> processes(Path group) {
    TreeSet<Integer> pids = new TreeSet<>();
    for (Path each : tree(group)) {
      lines(each.resolve("cgroup.procs")).forEach(line -> pids.add(Integer.parseInt(line)));
    }
    return new ArrayList<>(pids);
  }

  /** A group and those below it, the upper ones first. */
  public static List<Path> tree(Path group) {
    List<Path> all = new ArrayList<>(List.of(group));
    for (int i = 0; i < all.size(); i++) {
      if (!hasChildren(all.get(i))) {
        continue;
      }
      try (Stream<Path> below = Files.list(all.get(i))) {
        all.addAll(below.filter(Files::isDirectory).toList());
      } catch (IOException e) {
        // removed meanwhile
      }
    }
    return all;
  }

  /** A directory has two links, and one more for each in it: dozens of files are not looked at. */
  private static boolean hasChildren(Path group) {
    try {
      return (int) Files.getAttribute(group, "unix:nlink") > 2;
    } catch (IOException e) {
      return false; // removed meanwhile
    }
  }
}
