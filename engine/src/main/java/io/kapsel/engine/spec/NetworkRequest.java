package io.kapsel.engine.spec;

import io.kapsel.linux.netlink.Cidr;
import io.kapsel.network.Attachment;
import io.kapsel.network.HostLink;
import io.kapsel.network.Port;
import io.kapsel.network.Restrictions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a container with a network of its own wants in it.
 *
 * @param attachments the networks that it is in
 * @param ports that the host offers to others
 * @param publishAll whether the host also offers every port of {@code exposed}, at any free one
 * @param exposed ports that it says it has, such as {@code 80/tcp}
 * @param dns whom it asks for names, instead of the host's resolvers
 * @param hosts further lines of /etc/hosts, {@code NAME:ADDRESS}
 * @param restrictions what it may not do there
 * @param links other containers that it knows by name, {@code NAME:ALIAS} or {@code NAME}
 * @param hostLinks links of the host that it has for itself
 */
public record NetworkRequest(
    List<Attachment> attachments,
    List<Port> ports,
    boolean publishAll,
    List<String> exposed,
    List<String> dns,
    List<String> dnsSearch,
    List<String> dnsOptions,
    List<String> hosts,
    Optional<Restrictions> restrictions,
    List<String> links,
    List<HostLink> hostLinks) {
  /** Stands for the network that a container has whose caller names none. */
  public static final String DEFAULT = "default";

  /** Stands for the host's address in {@code hosts}. */
  public static final String HOST_GATEWAY = "host-gateway";

  private static final Pattern WORD = Pattern.compile("[!-~]{1,253}");
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9_.*-]{1,253}");

  /** Checks each part. */
  public NetworkRequest {
    attachments = List.copyOf(attachments);
    ports = List.copyOf(ports);
    exposed = List.copyOf(exposed);
    dns = List.copyOf(dns);
    dnsSearch = List.copyOf(dnsSearch);
    dnsOptions = List.copyOf(dnsOptions);
    hosts = List.copyOf(hosts);
    links = List.copyOf(links);
    hostLinks = List.copyOf(hostLinks);
    links.forEach(Link::parse);
    dns.forEach(Cidr::address);
    exposed.forEach(Port::parse);
    for (List<String> words : List.of(dnsSearch, dnsOptions)) {
      words.forEach(word ->
          InvalidRequestException.unless(
              WORD.matcher(word).matches(), "'%s' is no word for resolv.conf", word));
    }
    hosts.forEach(NetworkRequest::checkHost);
  }

  /** Without restrictions. */
  public NetworkRequest(
      List<Attachment> attachments,
      List<Port> ports,
      boolean publishAll,
      List<String> exposed,
      List<String> dns,
      List<String> dnsSearch,
      List<String> dnsOptions,
      List<String> hosts) {
    this(
        attachments,
        ports,
        publishAll,
        exposed,
        dns,
        dnsSearch,
        dnsOptions,
        hosts,
        Optional.empty(),
        List.of(),
        List.of());
  }

  /** In these networks, with nothing special. */
  public static NetworkRequest in(String... networks) {
    return new NetworkRequest(
        List.of(networks).stream().map(Attachment::to).toList(),
        List.of(),
        false,
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of());
  }

  private static void checkHost(String text) {
    int colon = text.indexOf(':');
    String address = text.substring(colon + 1);
    InvalidRequestException.unless(
        colon > 0 && HOST.matcher(text.substring(0, colon)).matches(),
        "'%s' in --add-host is not NAME:ADDRESS",
        text);
    if (!address.equals(HOST_GATEWAY)) {
      Cidr.address(address);
    }
  }

  /** Whether it says whom names are asked of, or how. */
  public boolean asksForNames() {
    return !dns.isEmpty() || !dnsSearch.isEmpty() || !dnsOptions.isEmpty();
  }

  /** The same in other networks. */
  public NetworkRequest attachedTo(List<Attachment> others) {
    return new NetworkRequest(
        others,
        ports,
        publishAll,
        exposed,
        dns,
        dnsSearch,
        dnsOptions,
        hosts,
        restrictions,
        links,
        hostLinks);
  }

  /** The same with other links of the host. */
  public NetworkRequest with(List<HostLink> others) {
    return new NetworkRequest(
        attachments,
        ports,
        publishAll,
        exposed,
        dns,
        dnsSearch,
        dnsOptions,
        hosts,
        restrictions,
        links,
        others);
  }

  /** Another container, and what it is called here. */
  public record Link(String name, String alias) {
    static Link parse(String text) {
      int colon = text.indexOf(':');
      String name = colon < 0 ? text : text.substring(0, colon);
      String alias = colon < 0 ? name : text.substring(colon + 1);
      InvalidRequestException.unless(
          HOST.matcher(name).matches() && HOST.matcher(alias).matches(),
          "bad format for links: %s; it is NAME or NAME:ALIAS",
          text);
      return new Link(name, alias);
    }
  }

  /** The other containers that it knows by name. */
  public List<Link> linked() {
    return links.stream().map(Link::parse).toList();
  }

  /** What it may not do. */
  public Restrictions restrained() {
    return restrictions.orElse(Restrictions.NONE);
  }

  /** The same with less that it may do. */
  public NetworkRequest restrainedBy(Restrictions others) {
    return new NetworkRequest(
        attachments,
        ports,
        publishAll,
        exposed,
        dns,
        dnsSearch,
        dnsOptions,
        hosts,
        Optional.of(others),
        links,
        hostLinks);
  }

  /** The same with other ports. */
  public NetworkRequest publishing(List<Port> others) {
    return new NetworkRequest(
        attachments,
        others,
        publishAll,
        exposed,
        dns,
        dnsSearch,
        dnsOptions,
        hosts,
        restrictions,
        links,
        hostLinks);
  }

  /** The ports that the host is to offer. */
  public List<Port> published() {
    List<Port> all = new ArrayList<>(ports);
    if (publishAll) {
      exposed.stream().flatMap(text -> Port.parse(text).stream()).forEach(all::add);
    }
    return all;
  }
}
