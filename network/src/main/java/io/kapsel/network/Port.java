package io.kapsel.network;

import io.kapsel.linux.netlink.Cidr;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A port of a container that the host offers to others, or several in a row.
 *
 * @param hostIp the host's address; nothing: all of them
 * @param hostPort 0: any that is free
 * @param lastHostPort the first free one from {@code hostPort} to this is taken
 * @param count how many there are, of which {@code hostPort} and {@code containerPort} are the
 *     first
 */
public record Port(
    String protocol,
    Optional<String> hostIp,
    int hostPort,
    int lastHostPort,
    int containerPort,
    int count) {
  private static final int LAST = 65535;
  private static final int MOST_LISTED = 1024;

  /** Checks protocol, address and numbers. */
  public Port {
    require(List.of("tcp", "udp", "sctp").contains(protocol), "invalid proto: " + protocol);
    hostIp.ifPresent(Cidr::address);
    require(hostPort >= 0 && hostPort <= LAST, "invalid hostPort: " + hostPort);
    require(lastHostPort >= hostPort && lastHostPort <= LAST, "invalid hostPort: " + lastHostPort);
    require(containerPort > 0 && containerPort <= LAST, "invalid containerPort: " + containerPort);
    count = Math.max(1, count); // older files do not have it
    require(
        count == 1
            || (hostPort > 0
                && lastHostPort == hostPort
                && Math.max(hostPort, containerPort) + count - 1 <= LAST),
        "invalid range of " + count + " ports from " + hostPort);
  }

  /** A single one. */
  public Port(
      String protocol, Optional<String> hostIp, int hostPort, int lastHostPort, int containerPort) {
    this(protocol, hostIp, hostPort, lastHostPort, containerPort, 1);
  }

  /** Each of them. */
  public Stream<Port> each() {
    return count == 1 ? Stream.of(this) : IntStream.range(0, count).mapToObj(this::single);
  }

  private Port single(int number) {
    int outside = hostPort + number;
    return new Port(protocol, hostIp, outside, outside, containerPort + number);
  }

  /** As lists have them: each, or a long row as one. */
  public static Stream<Port> listed(List<Port> all) {
    return all.stream().flatMap(it -> it.count > MOST_LISTED ? Stream.of(it) : it.each());
  }

  /** What it is in the container: {@code 80/tcp}, or {@code 80-89/tcp}. */
  public String inside() {
    return span(containerPort) + "/" + protocol;
  }

  /** What it is on the host, without the address. */
  public String outside() {
    return span(hostPort);
  }

  /** Each of all of them. */
  public static List<Port> each(List<Port> all) {
    return all.stream().flatMap(Port::each).toList();
  }

  boolean isRange() {
    return count > 1;
  }

  /** Whether the host and the container give them the same numbers. */
  boolean keepsNumbers() {
    return hostPort == containerPort;
  }

  int lastOfHost() {
    return hostPort + count - 1;
  }

  boolean offers(int number) {
    return number >= hostPort && number <= lastOfHost();
  }

  /** Reads {@code [[HOST:]PORT[-LAST]:]PORT[-LAST][/PROTOCOL]} as Docker does. */
  public static List<Port> parse(String text) {
    int slash = text.lastIndexOf('/');
    String protocol = slash < 0 ? "tcp" : text.substring(slash + 1).toLowerCase(Locale.ROOT);
    String rest = slash < 0 ? text : text.substring(0, slash);
    int last = rest.lastIndexOf(':');
    String container = rest.substring(last + 1);
    String before = last < 0 ? "" : rest.substring(0, last);
    int middle = before.endsWith("]") ? before.length() : before.lastIndexOf(':');
    boolean alone = middle < 0 || middle == before.length();
    String host = alone ? (middle < 0 ? "" : before) : before.substring(0, middle);
    String outside = alone ? (middle < 0 ? before : "") : before.substring(middle + 1);
    require(!container.isEmpty(), "no port specified: " + text);
    return ports(protocol, host(host), range(outside, text), range(container, text), text);
  }

  private static Optional<String> host(String text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    boolean brackets = text.startsWith("[") && text.endsWith("]");
    return Optional.of(brackets ? text.substring(1, text.length() - 1) : text);
  }

  private record Range(int first, int last) {}

  private static Range range(String text, String whole) {
    if (text.isEmpty()) {
      return new Range(0, 0);
    }
    int dash = text.indexOf('-');
    int first = number(dash < 0 ? text : text.substring(0, dash), whole);
    int last = dash < 0 ? first : number(text.substring(dash + 1), whole);
    require(first <= last, "invalid range format: " + whole);
    return new Range(first, last);
  }

  private static int number(String text, String whole) {
    require(text.matches("\\d{1,5}") && Integer.parseInt(text) <= LAST, "invalid port: " + whole);
    return Integer.parseInt(text);
  }

  private static List<Port> ports(
      String protocol, Optional<String> host, Range outside, Range inside, String whole) {
    int count = inside.last - inside.first + 1;
    int offered = outside.last - outside.first + 1;
    boolean any = outside.first == 0;
    boolean choice = count == 1 && offered > 1;
    require(
        any || count == offered || choice,
        "invalid ranges specified for container and host: " + whole);
    if (count > 1 && !any) {
      return List.of(new Port(protocol, host, outside.first, outside.first, inside.first, count));
    }
    List<Port> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int hostPort = any ? 0 : outside.first + i;
      int most = choice ? outside.last : hostPort;
      all.add(new Port(protocol, host, hostPort, most, inside.first + i));
    }
    return all;
  }

  /** The same with the port that was found for it. */
  Port at(int found) {
    return new Port(protocol, hostIp, found, found, containerPort, count);
  }

  /** The same at that address of the host. */
  Port at(Optional<String> address) {
    return new Port(protocol, address, hostPort, lastHostPort, containerPort, count);
  }

  /** What clients of the host use: {@code 0.0.0.0:8080->80/tcp}. */
  public String shown() {
    String address = hostIp.map(it -> it.contains(":") ? "[" + it + "]" : it).orElse("0.0.0.0");
    return address + ":" + outside() + "->" + inside();
  }

  private String span(int first) {
    return count == 1 ? Integer.toString(first) : first + "-" + (first + count - 1);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
