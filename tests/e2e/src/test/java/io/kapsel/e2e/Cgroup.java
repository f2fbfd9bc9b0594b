package io.kapsel.e2e;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The control groups of a process of the host, as the kernel has them. */
record Cgroup(long pid) {
  /** The first of the files with one of these names, in any hierarchy. */
  String read(String... names) {
    for (Path directory : directories()) {
      for (String name : names) {
        if (Files.exists(directory.resolve(name))) {
          return HostFiles.read(directory.resolve(name)).strip();
        }
      }
    }
    return "no " + String.join(", ", names) + " in " + directories();
  }

  private List<Path> directories() {
    return HostFiles.read("/proc/" + pid + "/cgroup")
        .lines()
        .map(line -> line.split(":", 3))
        .flatMap(parts ->
            List.of(parts[1].isEmpty() ? "unified" : parts[1], "").stream()
                .map(name -> Path.of("/sys/fs/cgroup/" + name + parts[2])))
        .filter(Files::isDirectory)
        .toList();
  }
}
