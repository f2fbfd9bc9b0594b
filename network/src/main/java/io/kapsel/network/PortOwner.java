package io.kapsel.network;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds which process of the host has a port; proc_pid_fd(5), /proc/net/tcp. */
final class PortOwner {
  private static final int LOCAL = 1;
  private static final int INODE = 9;

  private PortOwner() {}

  static Optional<String> find(Port port) {
    Set<String> sockets = new HashSet<>();
    for (String table : List.of(port.protocol(), port.protocol() + "6")) {
      sockets(Path.of("/proc/net", table), port.hostPort(), sockets);
    }
    return sockets.isEmpty() ? Optional.empty() : process(sockets);
  }

  private static void sockets(Path table, int port, Set<String> found) {
    try {
      for (String line : Files.readAllLines(table)) {
        String[] parts = line.strip().split("\\s+");
        if (parts.length > INODE && parts[LOCAL].endsWith(":%04X".formatted(port))) {
          found.add("socket:[" + parts[INODE] + "]");
        }
      }
    } catch (IOException _) {
      // this kernel has no such protocol
    }
  }

  private static Optional<String> process(Set<String> sockets) {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        if (has(process, sockets)) {
          String name = Files.readString(process.resolve("comm")).strip();
          return Optional.of("process '%s' (pid %s)".formatted(name, process.getFileName()));
        }
      }
    } catch (IOException _) {
      // it has ended meanwhile
    }
    return Optional.empty();
  }

  private static boolean has(Path process, Set<String> sockets) {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path each : all) {
        if (sockets.contains(Files.readSymbolicLink(each).toString())) {
          return true;
        }
      }
    } catch (IOException _) {
      // it, or the descriptor, is gone
    }
    return false;
  }
}
