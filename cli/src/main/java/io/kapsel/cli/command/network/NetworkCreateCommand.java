package io.kapsel.cli.command.network;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.RefusedFlags;
import io.kapsel.cli.command.spec.NetworkFlags;
import io.kapsel.cli.command.spec.SpecReader;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.network.NewNetwork;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code kapsel network create}: makes a network and prints its id. */
public final class NetworkCreateCommand implements Command {
  private static final Flag<String> DRIVER =
      Flag.text(
          'd',
          "driver",
          "string",
          "bridge (default), macvlan, or cni: -o conf=FILE or NAME says which plugins");
  private static final Flag<String> SUBNET =
      Flag.text("subnet", "list", "Addresses of the network, such as 10.5.0.0/16");
  private static final Flag<String> GATEWAY =
      Flag.text("gateway", "list", "The host's address in a subnet");
  private static final Flag<String> RANGE =
      Flag.text("ip-range", "list", "Part of a subnet out of which containers get addresses");
  private static final Flag<String> RESERVED =
      Flag.text("aux-address", "map", "Address in a subnet that others have: NAME=ADDRESS");
  private static final Flag<Boolean> INTERNAL =
      Flag.toggle("internal", "Without a way to the outside and to the host");
  private static final Flag<Boolean> IPV4 =
      Flag.toggle("ipv4", "With addresses of IPv4 (default true)");
  private static final Flag<Boolean> IPV6 = Flag.toggle("ipv6", "With addresses of IPv6, too");
  private static final Flag<Boolean> ATTACHABLE =
      Flag.toggle("attachable", "Known for Docker's sake: every network is");
  private static final Flag<String> LABEL =
      Flag.text("label", "list", "Label the network: KEY=value");
  private static final Flag<String> OPTION =
      Flag.text('o', "opt", "map", "Option of the driver: KEY=value");
  private static final Manual MANUAL =
      new Manual(
          "network create",
          "[OPTIONS] NETWORK",
          "Create a network",
          "",
          FlagSet.of(
              DRIVER,
              SUBNET,
              GATEWAY,
              RANGE,
              RESERVED,
              INTERNAL,
              IPV4,
              IPV6,
              ATTACHABLE,
              LABEL,
              OPTION,
              RefusedFlags.IPAM_DRIVER,
              RefusedFlags.IPAM_OPTION,
              NetworkFlags.EGRESS),
          new Operands(1, 1));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    if (!call.arguments().last(IPV4).orElse(true)) {
      throw new InvalidRequestException("--ipv4=false is not there: every network has IPv4");
    }
    NewNetwork wanted = NetworkFlags.checked(() -> wanted(call));
    call.print(call.engine().networks().create(wanted).id());
    return 0;
  }

  private static NewNetwork wanted(Call call) {
    return new NewNetwork(
        call.operands().getFirst(),
        call.arguments().last(DRIVER).orElse("bridge"),
        call.arguments().is(INTERNAL),
        call.arguments().is(IPV6),
        call.arguments().is(ATTACHABLE),
        subnets(call),
        pairs(call, LABEL),
        pairs(call, OPTION),
        call.arguments().all(NetworkFlags.EGRESS));
  }

  private static Map<String, String> pairs(Call call, Flag<String> flag) {
    return SpecReader.pairs(call.arguments().all(flag));
  }

  /** Gateways and ranges belong to the subnet in which they are. */
  private static List<NewNetwork.Wish> subnets(Call call) {
    List<Cidr> subnets = call.arguments().all(SUBNET).stream().map(Cidr::parse).toList();
    List<String> gateways = new ArrayList<>(call.arguments().all(GATEWAY));
    List<String> ranges = new ArrayList<>(call.arguments().all(RANGE));
    Map<String, String> reserved = pairs(call, RESERVED);
    List<NewNetwork.Wish> all = new ArrayList<>();
    for (Cidr subnet : subnets) {
      Map<String, String> own = new LinkedHashMap<>(reserved);
      own.values().removeIf(it -> !subnet.contains(Cidr.address(it)));
      reserved.keySet().removeAll(own.keySet());
      all.add(
          new NewNetwork.Wish(
              Optional.of(subnet.toString()), take(gateways, subnet), take(ranges, subnet), own));
    }
    List<String> left = new ArrayList<>(gateways);
    left.addAll(ranges);
    left.addAll(reserved.values());
    if (!left.isEmpty()) {
      throw new CommandException(1, "no matching subnet for " + String.join(", ", left));
    }
    return all;
  }

  private static Optional<String> take(List<String> from, Cidr subnet) {
    Optional<String> found =
        from.stream().filter(it -> subnet.contains(Cidr.parse(it).address())).findFirst();
    found.ifPresent(from::remove);
    return found;
  }
}
