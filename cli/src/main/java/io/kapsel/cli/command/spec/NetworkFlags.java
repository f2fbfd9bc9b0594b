package io.kapsel.cli.command.spec;

import io.kapsel.cli.flag.Arguments;
import io.kapsel.cli.flag.Flag;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.linux.netlink.MacAddress;
import io.kapsel.network.Attachment;
import io.kapsel.network.NetworkRate;
import io.kapsel.network.Port;
import io.kapsel.network.Restrictions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** The flags of {@code run} and {@code create} that say how a container is in networks. */
public final class NetworkFlags {
  static final Flag<String> NETWORK =
      Flag.text(
          "network",
          "network",
          "NAME[,ip=…,ip6=…,mac-address=…,alias=…,\ngw-priority=…], none, host or container:NAME");
  static final Flag<String> NET = Flag.text("net", "network", "The same as --network");
  static final Flag<String> ALIAS =
      Flag.text("network-alias", "list", "Another name for the container in its network");
  static final Flag<String> NET_ALIAS =
      Flag.text("net-alias", "list", "The same as --network-alias");
  static final Flag<String> IP = Flag.text("ip", "ip", "IPv4 address in the network");
  static final Flag<String> IP6 = Flag.text("ip6", "ip", "IPv6 address in the network");
  static final Flag<String> MAC =
      Flag.of(
          "mac-address",
          "string",
          "MAC address in the network",
          text -> new MacAddress(text).text());
  static final Flag<String> PUBLISH =
      Flag.text('p', "publish", "list", "Offer a port: [[IP:]PORT:]PORT[/tcp|udp|sctp]");
  static final Flag<Boolean> PUBLISH_ALL =
      Flag.toggle('P', "publish-all", "Offer all exposed ports at free ports of the host");
  static final Flag<String> EXPOSE =
      Flag.text("expose", "list", "Say that the container has a port, for -P");
  static final Flag<String> DNS = Flag.text("dns", "list", "Ask this server for names");
  static final Flag<String> DNS_SEARCH =
      Flag.text("dns-search", "list", "Search names in this domain; '.': in none");
  static final Flag<String> DNS_OPTION =
      Flag.text("dns-option", "list", "Option of resolv.conf(5)");
  static final Flag<String> ADD_HOST =
      Flag.text("add-host", "list", "Line of /etc/hosts: NAME:ADDRESS, or NAME:host-gateway");
  public static final Flag<String> EGRESS =
      Flag.text(
          "egress",
          "list",
          "What may be reached outside: deny, allow=LIST or\n"
              + "deny=LIST of addresses, CIDRs and names, with or\nwithout :PORT");
  static final Flag<NetworkRate> RATE =
      Flag.of(
          "network-rate",
          "rate",
          "At most so many bits a second: 10mbit, or\nin=1gbit,out=500kbit",
          NetworkRate::parse);
  static final Flag<String> LINK =
      Flag.text("link", "list", "Know another container by name: NAME[:ALIAS]");

  static final List<Flag<?>> ALL =
      List.of(
          NETWORK,
          NET,
          ALIAS,
          NET_ALIAS,
          IP,
          IP6,
          MAC,
          PUBLISH,
          PUBLISH_ALL,
          EXPOSE,
          DNS,
          DNS_SEARCH,
          DNS_OPTION,
          ADD_HOST,
          EGRESS,
          RATE,
          LINK);

  private static final Set<String> MODES = Set.of("none", "host");

  private final Arguments arguments;

  NetworkFlags(Arguments arguments) {
    this.arguments = arguments;
  }

  /** Says it of a container. */
  void read(ContainerSpecBuilder spec) {
    ContainerSpecBuilder _ =
        checked(() -> {
          readAll(spec);
          return spec;
        });
  }

  /** What makes no sense to what is below is told as what makes no sense on a command line. */
  public static <T> T checked(Supplier<T> work) {
    try {
      return work.get();
    } catch (InvalidRequestException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(String.valueOf(e.getMessage()));
    }
  }

  private void readAll(ContainerSpecBuilder spec) {
    List<String> names = new ArrayList<>(arguments.all(NETWORK));
    names.addAll(arguments.all(NET));
    names.removeIf(String::isEmpty);
    boolean mode = names.stream().anyMatch(it -> MODES.contains(it) || it.startsWith("container:"));
    InvalidRequestException.unless(
        !mode || names.size() == 1,
        "none, host and container:NAME cannot be one of several networks");
    if (mode) {
      spec.network(NamespaceMode.parseNetwork(names.getFirst()));
    }
    Restrictions restrictions = new Restrictions(arguments.all(EGRESS), arguments.last(RATE));
    InvalidRequestException.unless(
        restrictions.equals(Restrictions.NONE) || !mode || names.getFirst().equals("none"),
        "--egress and --network-rate are for containers with a network of their own");
    spec.networks(request(mode ? List.of() : attachments(names), restrictions));
  }

  private NetworkRequest request(List<Attachment> attachments, Restrictions restrictions) {
    return new NetworkRequest(
        attachments,
        arguments.all(PUBLISH).stream().flatMap(it -> Port.parse(it).stream()).toList(),
        arguments.is(PUBLISH_ALL),
        arguments.all(EXPOSE),
        arguments.all(DNS),
        arguments.all(DNS_SEARCH),
        arguments.all(DNS_OPTION),
        arguments.all(ADD_HOST),
        restrictions.equals(Restrictions.NONE) ? Optional.empty() : Optional.of(restrictions),
        arguments.all(LINK),
        List.of());
  }

  private List<Attachment> attachments(List<String> names) {
    List<String> wanted = names.isEmpty() ? List.of(NetworkRequest.DEFAULT) : names;
    List<Attachment> all = new ArrayList<>(wanted.stream().map(NetworkFlags::attachment).toList());
    all.set(0, withFlags(all.getFirst()));
    InvalidRequestException.unless(
        all.stream().map(Attachment::network).distinct().count() == all.size(),
        "network is specified multiple times");
    return all;
  }

  /** Flags of their own are for the first network. */
  private Attachment withFlags(Attachment first) {
    List<String> aliases = new ArrayList<>(first.aliases());
    aliases.addAll(arguments.all(ALIAS));
    aliases.addAll(arguments.all(NET_ALIAS));
    return new Attachment(
        first.network(),
        first.ipv4().or(() -> arguments.last(IP)),
        first.ipv6().or(() -> arguments.last(IP6)),
        first.mac().or(() -> arguments.last(MAC)),
        aliases,
        first.priority());
  }

  /** Reads {@code NAME} or {@code name=NAME,ip=…,alias=…}. */
  static Attachment attachment(String text) {
    String name = "";
    Optional<String> ip = Optional.empty();
    Optional<String> ip6 = Optional.empty();
    Optional<String> mac = Optional.empty();
    List<String> aliases = new ArrayList<>();
    int priority = 0;
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      String value = part.substring(equals + 1);
      switch (equals < 0 ? "name" : part.substring(0, equals)) {
        case "name" -> name = value;
        case "ip" -> ip = Optional.of(value);
        case "ip6" -> ip6 = Optional.of(value);
        case "mac-address" -> mac = Optional.of(value);
        case "alias" -> aliases.add(value);
        case "gw-priority" -> priority = priority(value);
        default -> throw new InvalidRequestException("invalid field '" + part + "' in --network");
      }
    }
    InvalidRequestException.unless(!name.isEmpty(), "network name is not set in '%s'", text);
    return new Attachment(name, ip, ip6, mac, aliases, priority);
  }

  private static int priority(String text) {
    InvalidRequestException.unless(
        text.matches("-?\\d{1,9}"), "'%s' is not a priority of a gateway", text);
    return Integer.parseInt(text);
  }
}
