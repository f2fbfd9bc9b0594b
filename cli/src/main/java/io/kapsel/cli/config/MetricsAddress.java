package io.kapsel.cli.config;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where figures are read: a socket of the network, or one of this host. */
public sealed interface MetricsAddress {
  /** An address of this host, as numbers, and a port. */
  record Network(String address, int port) implements MetricsAddress {
    @Override
    public SocketAddress socket() {
      return new InetSocketAddress(address, port);
    }
  }

  /** A path. */
  record Local(Path path) implements MetricsAddress {
    @Override
    public SocketAddress socket() {
      return UnixDomainSocketAddress.of(path);
    }
  }

  /** The highest port. */
  int LAST_PORT = 65535;

  /** Numbers, so that no name is asked for. */
  Pattern NETWORK = Pattern.compile("([0-9.]{7,15}|\\[[0-9a-fA-F:.]{2,}]):([0-9]{1,5})");

  /** As Java has it. */
  SocketAddress socket();

  /** Reads {@code off}, {@code ADDRESS:PORT} or {@code unix:PATH}. */
  static Optional<MetricsAddress> parse(String text) {
    if (text.equals("off")) {
      return Optional.empty();
    }
    if (text.startsWith("unix:/")) {
      return Optional.of(local(text.substring("unix:".length())));
    }
    Matcher found = NETWORK.matcher(text);
    if (found.matches() && Integer.parseInt(found.group(2)) <= LAST_PORT) {
      String address = found.group(1).replaceAll("[\\[\\]]", "");
      return Optional.of(new Network(address, Integer.parseInt(found.group(2))));
    }
    throw new IllegalArgumentException(
        "it is off, ADDRESS:PORT such as 127.0.0.1:9099, or unix:/PATH");
  }

  private static MetricsAddress local(String path) {
    try {
      return new Local(Path.of(path));
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("it names no path: " + e.getReason(), e);
    }
  }
}
