package io.kapsel.ocicli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The caller's paths as the engine can use them: from his working directory, and by way of his
 * root, where he has a mount namespace of his own.
 */
record Places(Path directory, Path root, int pid) {
  private static final Pattern DESCRIPTOR =
      Pattern.compile("(?:/dev/fd|/proc/self/fd|/proc/thread-self/fd)/(\\d+)");

  static Places of(Caller caller) {
    Path process = Path.of("/proc", Integer.toString(caller.pid()));
    boolean same =
        link(process.resolve("ns/mnt")).equals(link(Path.of("/proc/self/ns/mnt")))
            && link(process.resolve("root")).equals("/");
    return new Places(
        caller.directory(), same ? Path.of("/") : process.resolve("root"), caller.pid());
  }

  /** Whether a process is in our namespaces of pids and users. */
  static boolean sharesIds(int pid) {
    Path process = Path.of("/proc", Integer.toString(pid), "ns");
    Path own = Path.of("/proc/self/ns");
    return Stream.of("pid", "user")
        .allMatch(kind -> link(process.resolve(kind)).equals(link(own.resolve(kind))));
  }

  private static String link(Path path) {
    try {
      return Files.readSymbolicLink(path).toString();
    } catch (IOException e) {
      return "";
    }
  }

  /** An absolute path in the caller's own terms. */
  Path absolute(String path) {
    return directory.resolve(path).normalize();
  }

  /** The path for the engine. Descriptors are the caller's. */
  Path of(String path) {
    Matcher descriptor = DESCRIPTOR.matcher(path);
    return descriptor.matches()
        ? Path.of("/proc", Integer.toString(pid), "fd", descriptor.group(1))
        : of(absolute(path));
  }

  /** The path for the engine. */
  Path of(Path path) {
    return root.getNameCount() == 0 ? path : Path.of(root + "/" + Path.of("/").relativize(path));
  }

  /**
   * The same file by way of another process with the caller's root, and so in that one's mount
   * namespace. Descriptors stay the caller's.
   */
  Path seenBy(int process, Path own) {
    if (own.startsWith(Path.of("/proc", Integer.toString(pid), "fd"))) {
      return own;
    }
    Path inside = own.startsWith(root) ? root.relativize(own) : Path.of("/").relativize(own);
    return Path.of("/proc", Integer.toString(process), "root").resolve(inside);
  }

  Places in(Path other) {
    return new Places(other, root, pid);
  }
}
