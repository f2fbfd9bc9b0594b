package io.kapsel.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/** Who listens in a network, by what {@code /proc/PID/net} says; proc_pid_net(5). */
record Listeners(List<String> tcp, List<String> udp) {
  private static final int LOCAL = 1;
  private static final int STATE = 3;
  private static final String LISTENING = "0A";
  private static final String LOOPBACK = "0100007F:";
  private static final String LOOPBACK6 = "00000000000000000000000001000000:";

  static Listeners ofHost() {
    return in(Path.of("/proc/self/net"));
  }

  static Listeners of(int pid) {
    return in(Path.of("/proc", Integer.toString(pid), "net"));
  }

  private static Listeners in(Path net) {
    return new Listeners(
        lines(net, "tcp", it -> it[STATE].equals(LISTENING)), lines(net, "udp", _ -> true));
  }

  private static List<String> lines(Path net, String protocol, Predicate<String[]> which) {
    return List.of(protocol, protocol + "6").stream()
        .flatMap(name -> read(net.resolve(name)).stream())
        .map(line -> line.strip().split("\\s+"))
        .filter(parts -> parts.length > STATE && parts[LOCAL].indexOf(':') > 0)
        .filter(which)
        .map(parts -> parts[LOCAL])
        .toList();
  }

  private static List<String> read(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of(); // it has ended, or this kernel has no such protocol
    }
  }

  boolean has(int port) {
    return at(port).anyMatch(it -> !isLoopback(it));
  }

  /** At whatever address. */
  boolean hasAny(String protocol, int port) {
    String end = ":%04X".formatted(port);
    return (protocol.equals("tcp") ? tcp : protocol.equals("udp") ? udp : List.<String>of())
        .stream().anyMatch(it -> it.endsWith(end));
  }

  boolean hasAtLoopback(int port) {
    return at(port).anyMatch(Listeners::isLoopback);
  }

  private java.util.stream.Stream<String> at(int port) {
    String end = ":%04X".formatted(port);
    return java.util.stream.Stream.concat(tcp.stream(), udp.stream())
        .filter(it -> it.endsWith(end));
  }

  private static boolean isLoopback(String local) {
    return local.startsWith(LOOPBACK) || local.startsWith(LOOPBACK6);
  }
}
