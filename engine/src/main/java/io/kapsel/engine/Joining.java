package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.HexId;
import io.kapsel.base.Json;
import io.kapsel.base.JsonException;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ContainerSpecBuilder;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.spec.NetworkRequest;
import io.kapsel.engine.spec.RootSource;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.network.Attachment;
import io.kapsel.network.Endpoint;
import io.kapsel.network.HostLink;
import io.kapsel.network.HostLinks;
import io.kapsel.network.Joined;
import io.kapsel.network.Member;
import io.kapsel.network.Network;
import io.kapsel.network.NetworkException;
import io.kapsel.network.Networks;
import io.kapsel.network.Port;
import io.kapsel.network.ResolverFile;
import io.kapsel.network.Subnet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** Joins containers to networks, and writes the files in which they find each other. */
final class Joining {
  private static final System.Logger LOG = System.getLogger(Joining.class.getName());
  private static final String FILE = "network.json";
  private static final String RESOLVER = "127.0.0.11";

  private record Written(String hosts, String resolver) {}

  private final Function<String, Container> containers;
  private final ContainerStore store;
  private final Networks networks;
  private final Linking linking;
  private final Supplier<List<Container>> all;

  /** What stands in the files of containers that are still to come. */
  private final Map<String, Written> written = new ConcurrentHashMap<>();

  Joining(
      ContainerStore store,
      Networks networks,
      Function<String, Container> containers,
      Supplier<List<Container>> all) {
    this.containers = containers;
    this.store = store;
    this.networks = networks;
    this.all = all;
    this.linking = new Linking(networks, containers);
  }

  /** The networks. */
  Networks networks() {
    return networks;
  }

  /** What an exception of a network is for whoever asked the engine. */
  static <T> T translated(String action, String name, Supplier<T> work) {
    try {
      return work.get();
    } catch (NetworkException e) {
      String reason = String.valueOf(e.getMessage());
      throw switch (e) {
        case NetworkException.NotFound _, NetworkException.Invalid _ ->
            new EngineException.Invalid(action, name, reason);
        case NetworkException.Conflict _ -> new EngineException.Conflict(action, name, reason);
        case NetworkException.Failed _ -> new EngineException.Failed(action, name, reason, e);
      };
    }
  }

  /** Who is in somebody else's network has his name, too, unless he asks for one. */
  private Optional<String> hostnameOfNetwork(ContainerSpec spec) {
    if (!(spec.uts() instanceof NamespaceMode.Own) || spec.hostname().isPresent()) {
      return Optional.empty();
    }
    return switch (spec.network()) {
      case NamespaceMode.Own _ -> Optional.empty();
      case NamespaceMode.Host _ -> Optional.of(HostName.read()).filter(ContainerSpec::isHostname);
      case NamespaceMode.Container(String other) -> {
        Container shown = containers.apply(other);
        yield shown.spec().hostname().or(() -> Optional.of(HexId.abbreviate(shown.id())));
      }
    };
  }

  /** The same container in the networks that are meant, which there must be. */
  ContainerSpec resolved(ContainerSpec spec) {
    Optional<String> hostname = hostnameOfNetwork(spec);
    if (hostname.isPresent()) {
      return new ContainerSpecBuilder(spec).hostname(hostname.get()).build();
    }
    if (!isJoined(spec)) {
      return spec;
    }
    NetworkRequest asked = spec.networks().orElseThrow();
    linking.check(asked);
    String name = spec.name().orElse("a container");
    List<Attachment> meant = new ArrayList<>();
    for (Attachment each : asked.attachments()) {
      if (!each.network().equals(NetworkRequest.DEFAULT)) {
        String found = translated("create", name, () -> networks.find(each.network()).name());
        meant.add(named(each, found));
      } else if (usable(asked, name)) {
        meant.add(named(each, Network.DEFAULT));
      }
    }
    return new ContainerSpecBuilder(spec).networks(asked.attachedTo(meant)).build();
  }

  /** The same with the network's name, however it was called. */
  Attachment named(Attachment wanted) {
    return named(wanted, networks.find(wanted.network()).name());
  }

  private static Attachment named(Attachment old, String network) {
    return new Attachment(
        network, old.ipv4(), old.ipv6(), old.mac(), old.aliases(), old.priority());
  }

  /** Who names no network gets none where the kernel has none to give. */
  private boolean usable(NetworkRequest asked, String name) {
    if (!networks.byDefault() && asked.published().isEmpty()) {
      return false;
    }
    Optional<String> reason = networks.unusable();
    if (reason.isPresent() && !asked.published().isEmpty()) {
      throw new EngineException.Refused("publish ports of", name, reason.get());
    }
    reason.ifPresent(
        it -> LOG.log(System.Logger.Level.WARNING, "this host has no networks reason={0}", it));
    return reason.isEmpty();
  }

  /** Whether a container is in networks of ours. */
  static boolean isJoined(ContainerSpec spec) {
    return spec.network() instanceof NamespaceMode.Own
        && spec.networks().filter(it -> !it.attachments().isEmpty()).isPresent();
  }

  /** The links of the host that a container has for itself. */
  static List<HostLink> links(ContainerSpec spec) {
    return spec.networks().map(NetworkRequest::hostLinks).orElse(List.of());
  }

  /** Gives those to a container whose first process has that pid. */
  void give(String action, StoredContainer stored, int pid, List<HostLink> wanted) {
    boolean _ =
        translated(
            action,
            stored.name(),
            () -> {
              HostLinks.give(store.runOf(stored.id()), stored.name(), pid, wanted);
              return true;
            });
  }

  /** Takes one of them back from a container that runs. */
  void takeBack(StoredContainer stored, int pid, HostLink link) {
    boolean _ =
        translated(
            "remove",
            stored.name(),
            () -> {
              HostLinks.takeBack(store.runOf(stored.id()), stored.name(), pid, link);
              return true;
            });
  }

  /** Whether it is in the default network, with nothing special, and in no other. */
  static boolean isInDefaultAlone(ContainerSpec spec) {
    return spec.networks()
        .filter(it -> it.attachments().equals(List.of(Attachment.to(Network.DEFAULT))))
        .isPresent();
  }

  /** Makes a place in the default network for a container to come, and the files that show it. */
  void prepareDefault(Identity identity, int pid) {
    ContainerSpec spec =
        new ContainerSpecBuilder(new RootSource.Host())
            .networks(NetworkRequest.in(Network.DEFAULT))
            .build();
    networks
        .prepareDefault(identity.id(), identity.hostname(spec), pid)
        .ifPresent(joined -> {
          written.put(joined.id(), writeFiles(spec, joined));
        });
  }

  /**
   * Joins a container whose first process has that pid to its networks.
   *
   * @param had the places that it had, whose addresses it wants back
   */
  void join(StoredContainer stored, int pid, List<Endpoint> had) {
    ContainerSpec spec = stored.spec();
    NetworkRequest asked = spec.networks().orElseThrow();
    String hostname = new Identity(stored.id(), stored.idBase()).hostname(spec);
    translated(
        "start",
        stored.name(),
        () -> {
          Joined joined =
              networks.reserve(
                  new Member(
                      stored.id(),
                      stored.name(),
                      hostname,
                      asked.attachments(),
                      asked.published(),
                      asked.restrained(),
                      had));
          save(joined);
          ask(stored.id(), spec);
          Joined made = networks.join(joined, pid);
          if (!made.equals(joined)) {
            save(made);
          }
          writeFiles(spec, made);
          return made;
        });
    tellWhoLinksTo(stored.id());
  }

  /** Its address may be another than when it ran the last time. */
  private void tellWhoLinksTo(String id) {
    for (Container each : all.get()) {
      ContainerSpec spec = each.spec();
      if (spec.networks().filter(asked -> linking.names(asked, id)).isPresent()) {
        networks.member(each.id()).ifPresent(joined -> rewrite(spec, joined));
      }
    }
  }

  private void rewrite(ContainerSpec spec, Joined joined) {
    try {
      writeFiles(spec, joined);
    } catch (EngineException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "links of a container stay as they were name={0} reason={1}",
          joined.name(),
          e.getMessage());
    }
  }

  /** Has a container's resolver ask whom it wants. */
  void ask(String id, ContainerSpec spec) {
    spec.networks().ifPresent(it -> networks.ask(id, it.dns()));
  }

  private void save(Joined joined) {
    AtomicFile.write(
        store.runOf(joined.id()).resolve(FILE),
        Json.write(joined),
        AtomicFile.Durability.SURVIVES_CRASH);
  }

  /** Somebody else has written them. */
  void forgetFiles(String id) {
    written.remove(id);
  }

  /** Takes a container out of its networks. */
  void leave(String id) {
    HostLinks.takeBack(store.runOf(id));
    written.remove(id);
    networks.leave(id);
  }

  /** What a container had when the engine went away. */
  Optional<Joined> read(String id) {
    Path file = store.runOf(id).resolve(FILE);
    try {
      return Files.exists(file)
          ? Optional.of(Json.read(Files.readAllBytes(file), Joined.class))
          : Optional.empty();
    } catch (IOException | JsonException | IllegalArgumentException e) {
      LOG.log(System.Logger.Level.ERROR, "a container's network cannot be read id=" + id, e);
      return Optional.empty();
    }
  }

  /** Joins a running container to one more network, or takes it out of one. */
  void connect(StoredContainer stored, int pid, Attachment wanted) {
    translated(
        "connect",
        stored.name(),
        () -> {
          Joined joined = networks.connect(stored.id(), wanted, pid);
          save(joined);
          writeFiles(stored.spec(), joined);
          return joined;
        });
  }

  /** Lets the host offer other ports of a running container. */
  void publish(StoredContainer stored, List<Port> ports) {
    translated(
        "update",
        stored.name(),
        () -> {
          Joined joined = networks.publish(stored.id(), ports);
          save(joined);
          return joined;
        });
  }

  void disconnect(StoredContainer stored, int pid, String network) {
    translated(
        "disconnect",
        stored.name(),
        () -> {
          Joined joined = networks.disconnect(stored.id(), network, pid);
          save(joined);
          writeFiles(stored.spec(), joined);
          return joined;
        });
  }

  /** Over what is there: what is mounted in the container stays the same file. */
  private Written writeFiles(ContainerSpec spec, Joined joined) {
    Path files = store.stateOf(joined.id()).resolve("files");
    NetworkRequest asked = spec.networks().orElseThrow();
    Written now = new Written(hosts(spec, asked, joined), resolver(asked, joined).text());
    if (now.equals(written.remove(joined.id()))) {
      return now;
    }
    try {
      Files.writeString(files.resolve("hosts"), now.hosts());
      Files.writeString(files.resolve("resolv.conf"), now.resolver());
      return now;
    } catch (IOException e) {
      throw new EngineException.Failed("start", joined.name(), AtomicFile.reason(e), e);
    }
  }

  private String hosts(ContainerSpec spec, NetworkRequest asked, Joined joined) {
    StringBuilder text =
        new StringBuilder(
            """
            127.0.0.1\tlocalhost
            ::1\tlocalhost ip6-localhost ip6-loopback
            fe00::\tip6-localnet
            ff00::\tip6-mcastprefix
            ff02::1\tip6-allnodes
            ff02::2\tip6-allrouters
            """);
    for (String line : asked.hosts()) {
      int colon = line.indexOf(':');
      String address = line.substring(colon + 1);
      if (address.equals(NetworkRequest.HOST_GATEWAY)) {
        address = gateway(joined);
      }
      text.append(address).append('\t').append(line, 0, colon).append('\n');
    }
    linking.lines(asked, joined).forEach(line -> text.append(line).append('\n'));
    joined.hosts().forEach(line -> text.append(whole(line, spec)).append('\n'));
    return text.toString();
  }

  /** The whole name comes first, as those who ask for it expect. */
  private static String whole(String line, ContainerSpec spec) {
    int tab = line.indexOf('\t');
    return spec.domainname()
        .map(it -> line + "." + it + " " + line.substring(tab + 1))
        .orElse(line);
  }

  private String gateway(Joined joined) {
    return joined.endpoints().stream()
        .map(Endpoint::network)
        .map(networks::find)
        .flatMap(network -> network.ipv4Subnet().stream())
        .map(Subnet::gatewayAddress)
        .map(Cidr::text)
        .findFirst()
        .orElse("127.0.0.1");
  }

  private ResolverFile resolver(NetworkRequest asked, Joined joined) {
    return resolver(asked, networks.suggestedNames(joined));
  }

  /** Whom a container asks for names that is in no network of ours. */
  static ResolverFile resolver(NetworkRequest asked) {
    return resolver(asked, new ResolverFile(List.of(), List.of(), List.of()));
  }

  private static ResolverFile resolver(NetworkRequest asked, ResolverFile made) {
    ResolverFile host = ResolverFile.forContainers();
    List<String> search = first(asked.dnsSearch(), made.search(), host.search());
    List<String> words = first(asked.dnsOptions(), made.options(), host.options());
    if (asked.restrained().resolvedIn(asked.attachments())) {
      List<String> options = new ArrayList<>(words);
      options.add("ndots:0");
      return new ResolverFile(
          List.of(RESOLVER), search.equals(List.of(".")) ? List.of() : search, options);
    }
    List<String> servers = asked.dns().isEmpty() ? host.nameservers() : asked.dns();
    return new ResolverFile(servers, search.equals(List.of(".")) ? List.of() : search, words);
  }

  private static List<String> first(List<String> one, List<String> other, List<String> last) {
    return !one.isEmpty() ? one : !other.isEmpty() ? other : last;
  }
}
