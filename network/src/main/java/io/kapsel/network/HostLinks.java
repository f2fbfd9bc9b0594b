package io.kapsel.network;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.mount.Mounts;
import io.kapsel.linux.netlink.Addresses;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.linux.netlink.Link;
import io.kapsel.linux.netlink.Links;
import io.kapsel.linux.netlink.MacAddress;
import io.kapsel.linux.netlink.NetlinkMessage;
import io.kapsel.linux.netlink.NetlinkSocket;
import io.kapsel.linux.netlink.NetworkNamespace;
import io.kapsel.linux.netlink.Routes;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Gives links of the host to containers, and takes them back.
 *
 * <p>The kernel removes a link that is not a card of the machine together with the last namespace
 * that it was in. So the namespace is kept by a mount in the container's run directory until its
 * links are back, also when the engine dies before the container.
 */
public final class HostLinks {
  /** MACVLAN_MODE_PASSTHRU. */
  private static final int PASSTHRU = 8;

  private static final System.Logger LOG = System.getLogger(HostLinks.class.getName());
  private static final String FILE = "links.json";
  private static final String NAMESPACE = "network";

  private HostLinks() {}

  /** What is written down of a link that has moved. */
  record Moved(String outside, int index) {}

  /** All that has moved into one container. */
  record AllMoved(int schema, List<Moved> links) {
    AllMoved {
      links = List.copyOf(links);
    }
  }

  /** The two namespaces, and a socket in each. */
  private record Between(NetworkNamespace namespace, NetlinkSocket host, NetlinkSocket inside)
      implements AutoCloseable {
    static Between of(NetworkNamespace namespace) {
      return new Between(namespace, NetlinkSocket.route(), namespace.in(NetlinkSocket::route));
    }

    @Override
    public void close() {
      inside.close();
      host.close();
      namespace.close();
    }
  }

  /**
   * Gives links to a container, in the network namespace of its process.
   *
   * @param run its run directory
   */
  public static void give(Path run, String name, int pid, List<HostLink> wanted) {
    try (Between between = Between.of(NetworkNamespace.madeBy(pid))) {
      for (HostLink each : wanted) {
        give(run, each, between);
      }
    } catch (SyscallException | IOException e) {
      throw new NetworkException.Failed("give links to", name, String.valueOf(e.getMessage()), e);
    }
  }

  private static void give(Path run, HostLink wanted, Between between) throws IOException {
    String name =
        switch (wanted.kind()) {
          case JOINED -> wanted.parent();
          case PHYS -> wanted.inside();
          case VLAN, IPVLAN, MACVLAN -> wanted.name().orElseGet(() -> freeName(between));
        };
    switch (wanted.kind()) {
      case JOINED -> {}
      case PHYS -> move(run, wanted, name, between);
      case VLAN, IPVLAN, MACVLAN -> make(wanted, name, between);
    }
    boolean whole = false;
    try {
      setUp(wanted, name, between);
      whole = true;
    } finally {
      if (!whole && wanted.kind() == HostLink.Kind.PHYS) {
        takeBackLast(run);
      }
    }
  }

  private static String freeName(Between between) {
    Set<String> taken =
        Links.list(between.inside()).stream().map(Link::name).collect(Collectors.toSet());
    int number = 0;
    while (taken.contains("eth" + number)) {
      number++;
    }
    return "eth" + number;
  }

  private static Link parent(HostLink wanted, Between between) {
    return Links.find(between.host(), wanted.parent())
        .orElseThrow(() ->
            new NetworkException.Invalid(
                "give link", wanted.parent(), "the host has no such link"));
  }

  private static void move(Path run, HostLink wanted, String name, Between between)
      throws IOException {
    Link link = parent(wanted, between);
    if (Links.find(between.inside(), name).isPresent()) {
      throw new NetworkException.Conflict(
          "give link", wanted.parent(), "there is a link '" + name + "' inside already");
    }
    keep(run, between.namespace());
    List<Moved> all = new ArrayList<>(read(run));
    all.add(new Moved(wanted.parent(), link.index()));
    write(run, all);
    try (Fd.Lease lease = between.namespace().fd().lease()) {
      between
          .host()
          .ask(
              "move link '" + wanted.parent() + "'",
              Links.move(link.index(), name, lease.number()));
    } catch (SyscallException e) {
      all.removeLast();
      write(run, all);
      throw e;
    }
    int index = Links.find(between.inside(), name).orElseThrow().index();
    all.set(all.size() - 1, new Moved(wanted.parent(), index));
    write(run, all);
  }

  private static void make(HostLink wanted, String name, Between between) {
    int parent = parent(wanted, between).index();
    Links.Device device =
        new Links.Device(name, wanted.mac().map(MacAddress::new), wanted.mtu().orElse(0));
    try (Fd.Lease lease = between.namespace().fd().lease()) {
      int fd = lease.number();
      int number = wanted.number();
      between
          .host()
          .ask(
              "make link '" + name + "' on '" + wanted.parent() + "'",
              switch (wanted.kind()) {
                case VLAN -> Links.vlan(device, parent, number, fd);
                case IPVLAN -> Links.ipvlan(device, parent, number, fd);
                default -> Links.macvlan(device, parent, number, fd);
              });
    } catch (SyscallException e) {
      if (!e.is(Errno.EOPNOTSUPP)) {
        throw e;
      }
      String kind = wanted.kind().name().toLowerCase(Locale.ROOT);
      throw new NetworkException.Failed(
          "make link on", wanted.parent(), "this kernel has no " + kind + "; modprobe " + kind, e);
    }
  }

  /**
   * A link that takes the whole of another over is made with its address, whatever is asked for.
   */
  private static boolean takesOver(HostLink wanted) {
    return wanted.kind() == HostLink.Kind.MACVLAN && wanted.number() == PASSTHRU;
  }

  private static void setUp(HostLink wanted, String name, Between between) {
    NetlinkSocket inside = between.inside();
    int index =
        Links.find(inside, name)
            .orElseThrow(
                () -> new NetworkException.Invalid("set up link", name, "there is none inside"))
            .index();
    List<NetlinkMessage> all = new ArrayList<>();
    wanted.mtu().ifPresent(it -> all.add(Links.resize(index, it)));
    wanted
        .mac()
        .filter(_ -> wanted.kind() == HostLink.Kind.PHYS || takesOver(wanted))
        .ifPresent(it -> all.add(Links.address(index, new MacAddress(it))));
    wanted.addresses().forEach(it -> all.add(Addresses.add(index, Cidr.parse(it))));
    all.add(Links.up(index));
    for (String gateway : wanted.gateways()) {
      all.add(
          gateway.startsWith("dev")
              ? Routes.addDefault(index, gateway.equals("dev6"))
              : Routes.addDefault(index, gateway(gateway, wanted, between), 0));
    }
    inside.transact("set up link '" + name + "'", all);
  }

  /** {@code auto4}, {@code auto6}: what the host has at the link. */
  private static InetAddress gateway(String said, HostLink wanted, Between between) {
    if (!said.startsWith("auto")) {
      return Cidr.address(said);
    }
    int parent = parent(wanted, between).index();
    return Addresses.list(between.host()).stream()
        .filter(held -> held.link() == parent && held.address().isIpv6() == said.equals("auto6"))
        .map(held -> held.address().address())
        .filter(address -> !address.isLinkLocalAddress())
        .findFirst()
        .orElseThrow(() ->
            new NetworkException.Invalid(
                "find a gateway on", wanted.parent(), "the host has no such address there"));
  }

  private static void keep(Path run, NetworkNamespace namespace) throws IOException {
    Path place = run.resolve(NAMESPACE);
    if (Files.exists(place)) {
      return;
    }
    Files.createFile(place);
    boolean kept = false;
    try (Fd mount = Mounts.openTree(namespace.heldPath(), Mounts.CLONE);
        Fd target = Open.path(place.toString(), OpenFlags.PATH)) {
      Mounts.move(mount, target);
      kept = true;
    } finally {
      if (!kept) {
        Files.delete(place);
      }
    }
  }

  private static List<Moved> read(Path run) throws IOException {
    Path file = run.resolve(FILE);
    return Files.exists(file)
        ? Json.read(Files.readAllBytes(file), AllMoved.class).links()
        : List.of();
  }

  private static void write(Path run, List<Moved> all) {
    AtomicFile.write(
        run.resolve(FILE), Json.write(new AllMoved(1, all)), AtomicFile.Durability.SURVIVES_CRASH);
  }

  /** Takes everything back that has moved into a container, whose processes may be gone. */
  public static void takeBack(Path run) {
    if (!Files.exists(run.resolve(NAMESPACE))) {
      return;
    }
    try {
      for (Moved each : read(run)) {
        takeBackOrTell(run, each);
      }
      Mounts.detach(run.resolve(NAMESPACE).toString());
      Files.delete(run.resolve(NAMESPACE));
      Files.deleteIfExists(run.resolve(FILE));
    } catch (IOException | SyscallException e) {
      LOG.log(System.Logger.Level.WARNING, "a network is kept run=" + run, e);
    }
  }

  private static void takeBackOrTell(Path run, Moved moved) {
    try {
      takeBack(run, moved);
    } catch (SyscallException e) {
      LOG.log(System.Logger.Level.ERROR, "a link of the host is lost link=" + moved.outside(), e);
    }
  }

  private static void takeBackLast(Path run) throws IOException {
    List<Moved> all = new ArrayList<>(read(run));
    takeBack(run, all.removeLast());
    write(run, all);
  }

  /** Its name may be another's by now. */
  private static void takeBack(Path run, Moved moved) {
    try {
      takeBack(run, moved, moved.outside());
    } catch (SyscallException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
      takeBack(run, moved, "dev" + moved.index());
    }
  }

  private static void takeBack(Path run, Moved moved, String name) {
    try (Between between = Between.of(NetworkNamespace.open(run.resolve(NAMESPACE).toString()));
        NetworkNamespace own = NetworkNamespace.own();
        Fd.Lease lease = own.fd().lease()) {
      between
          .inside()
          .ask(
              "take back link '" + moved.outside() + "'",
              Links.move(moved.index(), name, lease.number()));
    } catch (SyscallException e) {
      if (!e.is(Errno.ENODEV)) { // somebody has removed it inside
        throw e;
      }
    }
  }

  /** Takes one link back from a container that runs. */
  public static void takeBack(Path run, String name, int pid, HostLink link) {
    try {
      List<Moved> all = new ArrayList<>(read(run));
      Optional<Moved> moved =
          all.stream().filter(it -> it.outside().equals(link.parent())).findFirst();
      if (link.kind() == HostLink.Kind.PHYS && moved.isPresent()) {
        takeBack(run, moved.get());
        all.remove(moved.get());
        write(run, all);
        return;
      }
      try (NetworkNamespace namespace = NetworkNamespace.of(pid);
          NetlinkSocket inside = namespace.in(NetlinkSocket::route)) {
        inside.ask("remove link '" + link.inside() + "'", Links.delete(link.inside()));
      }
    } catch (SyscallException | IOException e) {
      throw new NetworkException.Failed(
          "take a link from", name, String.valueOf(e.getMessage()), e);
    }
  }
}
