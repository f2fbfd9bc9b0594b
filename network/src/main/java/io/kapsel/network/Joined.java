package io.kapsel.network;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What a running container has of networks, as a file beside its control socket tells. */
public record Joined(
    int schema,
    String id,
    String name,
    String hostname,
    List<Endpoint> endpoints,
    List<Port> ports,
    Optional<Restrictions> restrictions) {
  /** The version of this form. */
  public static final int SCHEMA = 1;

  /** Copies the lists. */
  public Joined {
    endpoints = List.copyOf(endpoints);
    ports = List.copyOf(ports);
  }

  /** The same with other ports. */
  Joined publishing(List<Port> others) {
    return new Joined(schema, id, name, hostname, endpoints, others, restrictions);
  }

  /** The same with other places. */
  Joined with(List<Endpoint> others) {
    return new Joined(schema, id, name, hostname, others, ports, restrictions);
  }

  /** The same with one more place. */
  Joined and(Endpoint place) {
    List<Endpoint> all = new ArrayList<>(endpoints);
    all.add(place);
    return with(all);
  }

  /** What it may not do. */
  public Restrictions restricted() {
    return restrictions.orElse(Restrictions.NONE);
  }

  /** The place in a network. */
  public Optional<Endpoint> in(String network) {
    return endpoints.stream().filter(each -> each.network().equals(network)).findFirst();
  }

  /** The lines of /etc/hosts that name this container. */
  public List<String> hosts() {
    List<String> lines = new ArrayList<>();
    for (Endpoint each : endpoints) {
      each.ipv4().ifPresent(it -> lines.add(it + "\t" + hostname));
      each.ipv6().ifPresent(it -> lines.add(it + "\t" + hostname));
    }
    return lines;
  }

  /** What its next place is called inside. */
  String nextInside() {
    int number = 0;
    while (true) {
      String name = "eth" + number++;
      if (endpoints.stream().noneMatch(each -> each.inside().equals(name))) {
        return name;
      }
    }
  }

  /** Its places, that with the way to the outside first. */
  List<Endpoint> byPriority() {
    return endpoints.stream()
        .sorted(Comparator.comparingInt(Endpoint::priority).reversed())
        .toList();
  }
}
