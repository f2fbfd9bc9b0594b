package io.kapsel.cli.command.network;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.linux.netlink.Link;
import io.kapsel.network.Attachment;
import io.kapsel.network.Endpoint;
import io.kapsel.network.Joined;
import io.kapsel.network.Network;
import io.kapsel.network.NetworkException;
import io.kapsel.network.Networks;
import io.kapsel.network.Port;
import io.kapsel.network.Subnet;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What Docker's users see of a container's networks and ports. */
public final class ContainerNetworks {
  /** What Docker before 29 also said outside of {@code Networks}, and scripts still ask for. */
  private static final List<String> OF_THE_DEFAULT =
      List.of(
          "EndpointID",
          "Gateway",
          "GlobalIPv6Address",
          "GlobalIPv6PrefixLen",
          "IPAddress",
          "IPPrefixLen",
          "IPv6Gateway",
          "MacAddress");

  private static final List<String> ANYWHERE = List.of("0.0.0.0", "::");

  private ContainerNetworks() {}

  /** An id of Docker's form for a container's place in a network. */
  static String endpointId(String container, String network) {
    String both = container + network;
    return (UUID.nameUUIDFromBytes(both.getBytes(StandardCharsets.US_ASCII)).toString()
            + UUID.nameUUIDFromBytes((both + 1).getBytes(StandardCharsets.US_ASCII)))
        .replace("-", "");
  }

  /** The names of its networks. */
  public static List<String> names(ContainerSpec spec) {
    return switch (spec.network()) {
      case NamespaceMode.Host _ -> List.of("host");
      case NamespaceMode.Container(String reference) -> List.of("container:" + reference);
      case NamespaceMode.Own _ -> {
        List<String> all =
            of(spec, NetworkRequest::attachments).stream()
                .map(Attachment::network)
                .map(it -> it.equals(NetworkRequest.DEFAULT) ? Network.DEFAULT : it)
                .toList();
        yield all.isEmpty() ? List.of("none") : all;
      }
    };
  }

  /** The column PORTS. */
  public static String ports(Engine.Container container) {
    List<String> all = new ArrayList<>();
    container.joined().ifPresent(it -> it.ports().forEach(port -> all.addAll(shown(port))));
    exposed(container.spec()).stream()
        .filter(text -> all.stream().noneMatch(it -> it.endsWith("->" + text)))
        .forEach(all::add);
    return all.stream().distinct().collect(Collectors.joining(", "));
  }

  private static List<String> exposed(ContainerSpec spec) {
    return of(spec, NetworkRequest::exposed).stream()
        .flatMap(it -> Port.parse(it).stream())
        .map(it -> it.containerPort() + "/" + it.protocol())
        .toList();
  }

  private static List<String> shown(Port port) {
    return port.hostIp().isPresent()
        ? List.of(port.shown())
        : List.of(port.shown(), port.shown().replace("0.0.0.0:", "[::]:"));
  }

  /** What went through its places in networks, by their names; nothing if it does not run. */
  public static Map<String, Link.Traffic> traffic(Engine.Container container, Call call) {
    return traffic(container, () -> call.engine().networks());
  }

  private static Map<String, Link.Traffic> traffic(
      Engine.Container container, Supplier<Networks> networks) {
    Optional<Integer> pid = container.status().pid();
    return pid.isPresent() && container.joined().isPresent()
        ? networks.get().traffic(container.id(), pid.get())
        : Map.of();
  }

  /** {@code NetworkSettings}. */
  public static Struct settings(Engine.Container container, Networks networks) {
    Struct ports = new Struct();
    Struct all = new Struct();
    exposed(container.spec()).forEach(it -> ports.put(it, null));
    container
        .joined()
        .ifPresent(joined -> {
          Port.listed(joined.ports()).forEach(port -> bind(ports, port, ANYWHERE, port.outside()));
          Map<String, Link.Traffic> traffic = traffic(container, () -> networks);
          joined.endpoints().forEach(each -> place(all, joined, each, networks, traffic));
        });
    if (all.isEmpty()) {
      names(container.spec()).stream()
          .filter(it -> !it.startsWith("container:"))
          .forEach(it -> all.with(it, empty(it, networks)));
    }
    wished(container.spec(), all);
    Optional<Integer> pid = container.status().pid();
    Struct settings =
        new Struct()
            .with("SandboxID", pid.isPresent() ? container.id() : "")
            .with("SandboxKey", pid.map(it -> "/proc/" + it + "/ns/net").orElse(""))
            .with("Ports", new TreeMap<>(ports));
    Struct first = all.get(Network.DEFAULT) instanceof Struct place ? place : nowhere();
    OF_THE_DEFAULT.forEach(it -> settings.with(it, first.get(it)));
    return settings.with("Networks", new TreeMap<>(all));
  }

  /** What {@code HostConfig} says of them: what was asked for. */
  public static Struct asked(ContainerSpec spec) {
    Struct ports = new Struct();
    Port.listed(of(spec, NetworkRequest::ports))
        .forEach(port -> bind(ports, port, List.of(""), asked(port)));
    return new Struct()
        .with("PortBindings", new TreeMap<>(ports))
        .with("PublishAllPorts", spec.networks().filter(NetworkRequest::publishAll).isPresent())
        .with("Dns", of(spec, NetworkRequest::dns))
        .with("DnsOptions", of(spec, NetworkRequest::dnsOptions))
        .with("DnsSearch", of(spec, NetworkRequest::dnsSearch))
        .with("ExtraHosts", of(spec, NetworkRequest::hosts))
        .with("Links", of(spec, NetworkRequest::links));
  }

  private static <T> List<T> of(ContainerSpec spec, Function<NetworkRequest, List<T>> what) {
    return spec.networks().map(what).orElse(List.of());
  }

  private static String asked(Port port) {
    if (port.hostPort() == 0) {
      return ""; // any that is free
    }
    return port.lastHostPort() == port.hostPort()
        ? port.outside()
        : port.hostPort() + "-" + port.lastHostPort();
  }

  /** What it is to have in each network, whether it runs or not. */
  private static void wished(ContainerSpec spec, Struct all) {
    for (Attachment each : of(spec, NetworkRequest::attachments)) {
      if (all.get(each.network()) instanceof Struct place) {
        place.with("GwPriority", each.priority());
        place.with("IPAMConfig", addresses(each));
      }
    }
  }

  private static @Nullable Struct addresses(Attachment wanted) {
    if (wanted.ipv4().isEmpty() && wanted.ipv6().isEmpty()) {
      return null;
    }
    Struct addresses = new Struct();
    wanted.ipv4().ifPresent(it -> addresses.with("IPv4Address", it));
    wanted.ipv6().ifPresent(it -> addresses.with("IPv6Address", it));
    return addresses;
  }

  /** A network that it will be in when it runs. */
  private static Struct empty(String name, Networks networks) {
    Struct place = nowhere();
    try {
      networks.list().stream()
          .filter(it -> it.name().equals(name))
          .findFirst()
          .ifPresent(it -> place.with("NetworkID", it.id()));
    } catch (NetworkException _) {
      // there is no room for the default one yet
    }
    return place;
  }

  private static Struct nowhere() {
    return new Struct()
        .with("IPAMConfig", null)
        .with("Aliases", List.of())
        .with("MacAddress", "")
        .with("GwPriority", 0)
        .with("NetworkID", "")
        .with("EndpointID", "")
        .with("Gateway", "")
        .with("IPAddress", "")
        .with("IPPrefixLen", 0)
        .with("IPv6Gateway", "")
        .with("GlobalIPv6Address", "")
        .with("GlobalIPv6PrefixLen", 0);
  }

  @SuppressWarnings("unchecked") // only lists of bindings are put there
  private static void bind(Struct ports, Port port, List<String> anywhere, String outside) {
    String key = port.inside();
    List<Struct> bindings =
        ports.get(key) == null ? new ArrayList<>() : (List<Struct>) ports.get(key);
    for (String ip : port.hostIp().map(List::of).orElse(anywhere)) {
      bindings.add(new Struct().with("HostIp", ip).with("HostPort", outside));
    }
    ports.put(key, bindings);
  }

  private static Struct traffic(Link.Traffic traffic) {
    return new Struct()
        .with("RxBytes", traffic.rxBytes())
        .with("RxPackets", traffic.rxPackets())
        .with("RxErrors", traffic.rxErrors())
        .with("RxDropped", traffic.rxDropped())
        .with("TxBytes", traffic.txBytes())
        .with("TxPackets", traffic.txPackets())
        .with("TxErrors", traffic.txErrors())
        .with("TxDropped", traffic.txDropped());
  }

  private static void place(
      Struct all,
      Joined joined,
      Endpoint endpoint,
      Networks networks,
      Map<String, Link.Traffic> traffic) {
    try {
      Network network = networks.find(endpoint.network());
      Optional<Subnet> four = network.ipv4Subnet().filter(_ -> endpoint.ipv4().isPresent());
      Optional<Subnet> six = network.ipv6Subnet().filter(_ -> endpoint.ipv6().isPresent());
      Struct place =
          new Struct()
              .with("IPAMConfig", null)
              .with("Aliases", endpoint.aliases())
              .with("MacAddress", endpoint.mac())
              .with("GwPriority", endpoint.priority())
              .with("NetworkID", network.id())
              .with("EndpointID", endpointId(joined.id(), network.id()))
              .with("Gateway", four.map(Subnet::gateway).orElse(""))
              .with("IPAddress", endpoint.ipv4().orElse(""))
              .with("IPPrefixLen", four.map(it -> it.network().prefix()).orElse(0))
              .with("IPv6Gateway", six.map(Subnet::gateway).orElse(""))
              .with("GlobalIPv6Address", endpoint.ipv6().orElse(""))
              .with("GlobalIPv6PrefixLen", six.map(it -> it.network().prefix()).orElse(0));
      Optional.ofNullable(traffic.get(network.name()))
          .ifPresent(it -> place.with("Traffic", traffic(it)));
      all.with(network.name(), place);
    } catch (NetworkException _) {
      // it was removed at this moment
    }
  }
}
