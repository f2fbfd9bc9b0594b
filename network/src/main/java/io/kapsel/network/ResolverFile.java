package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What resolv.conf(5) says. */
public record ResolverFile(List<String> nameservers, List<String> search, List<String> options) {
  /** That of a host that asks nobody. */
  public static final ResolverFile EMPTY = new ResolverFile(List.of(), List.of(), List.of());

  private static final Path HOST = Path.of("/etc/resolv.conf");
  private static final Path BEHIND_STUB = Path.of("/run/systemd/resolve/resolv.conf");

  /** Copies the lists. */
  public ResolverFile {
    nameservers = List.copyOf(nameservers);
    search = List.copyOf(search);
    options = List.copyOf(options);
  }

  /** The host's. */
  public static ResolverFile host() {
    return read(HOST);
  }

  /**
   * The host's, for a container that asks those servers itself: a stub of the host, at a loopback
   * address, is another host's there, so those behind it are named.
   */
  public static ResolverFile forContainers() {
    ResolverFile host = host();
    ResolverFile behind = host.onlyLoopback() ? read(BEHIND_STUB) : host;
    List<String> reachable = behind.nameservers.stream().filter(it -> !isLoopback(it)).toList();
    return new ResolverFile(reachable, host.search, host.options);
  }

  private boolean onlyLoopback() {
    return nameservers.stream().allMatch(ResolverFile::isLoopback);
  }

  private static boolean isLoopback(String address) {
    try {
      return Cidr.address(address).isLoopbackAddress();
    } catch (IllegalArgumentException e) {
      return false; // with a zone, as in fe80::1%eth0
    }
  }

  /** The addresses of its servers. */
  public List<InetAddress> servers() {
    List<InetAddress> all = new ArrayList<>();
    for (String each : nameservers) {
      try {
        all.add(Cidr.address(each));
      } catch (IllegalArgumentException _) {
        // one with a zone, which only the host can reach by name
      }
    }
    return all;
  }

  private static ResolverFile read(Path file) {
    try {
      return Files.isReadable(file) ? parse(Files.readString(file)) : EMPTY;
    } catch (IOException e) {
      return EMPTY;
    }
  }

  /** Reads the text of such a file. */
  static ResolverFile parse(String text) {
    List<String> nameservers = new ArrayList<>();
    List<String> search = new ArrayList<>();
    List<String> options = new ArrayList<>();
    for (String line : text.lines().toList()) {
      String[] words = line.strip().split("\\s+");
      List<String> rest = List.of(words).subList(1, words.length);
      switch (words[0]) {
        case "nameserver" -> nameservers.addAll(rest);
        case "search", "domain" -> {
          search.clear();
          search.addAll(rest);
        }
        case "options" -> options.addAll(rest);
        default -> {}
      }
    }
    return new ResolverFile(nameservers, search, options);
  }

  /** The text of such a file. */
  public String text() {
    StringBuilder text = new StringBuilder();
    nameservers.forEach(it -> text.append("nameserver ").append(it).append('\n'));
    if (!search.isEmpty()) {
      text.append("search ").append(String.join(" ", search)).append('\n');
    }
    if (!options.isEmpty()) {
      text.append("options ").append(String.join(" ", options)).append('\n');
    }
    return text.toString();
  }
}
