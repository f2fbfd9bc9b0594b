package io.kapsel.cli.command.network;

import io.kapsel.base.JsonTree;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Formatted;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.network.Endpoint;
import io.kapsel.network.Joined;
import io.kapsel.network.Network;
import io.kapsel.network.NetworkException;
import io.kapsel.network.Subnet;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** {@code kapsel network inspect}: all that is known of networks, with the keys of Docker. */
public final class NetworkInspectCommand implements Command {
  private static final Flag<String> FORMAT =
      Flag.text('f', "format", "string", "json, or a template as in Go");
  private static final Flag<Boolean> VERBOSE =
      Flag.toggle('v', "verbose", "Known for Docker's sake: everything is shown");
  private static final Manual MANUAL =
      new Manual(
          "network inspect",
          "[OPTIONS] NETWORK [NETWORK...]",
          "Show everything about networks",
          "",
          FlagSet.of(FORMAT, VERBOSE),
          Operands.SOME);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<String> format = call.arguments().last(FORMAT);
    List<Struct> found = new ArrayList<>();
    int exitCode = 0;
    for (String reference : call.operands()) {
      try {
        found.add(inspection(call, reference));
      } catch (NetworkException e) {
        call.complain(String.valueOf(e.getMessage()));
        exitCode = 1;
      }
    }
    if (format.isPresent()) {
      found.forEach(it -> call.client().out(Formatted.text(format.get(), it)));
    } else {
      call.client().out(JsonTree.print(found) + "\n");
    }
    return exitCode;
  }

  /** All that is known of a network. */
  public static Struct inspection(Call call, String reference) {
    Network network = call.engine().networks().find(reference);
    return shown(network, call.engine().networks().members(network));
  }

  private static Struct shown(Network network, List<Joined> members) {
    return new Struct()
        .with("Name", network.name())
        .with("Id", network.id())
        .with("Created", network.created().toString())
        .with("Scope", "local")
        .with("Driver", network.driver())
        .with("EnableIPv4", true)
        .with("EnableIPv6", network.ipv6())
        .with("IPAM", addresses(network))
        .with("Internal", network.internal())
        .with("Attachable", network.attachable())
        .with("Ingress", false)
        .with("ConfigOnly", false)
        .with("Containers", containers(network, members))
        .with("Options", network.options())
        .with("Labels", network.labels())
        .with("Egress", network.egress());
  }

  private static Struct addresses(Network network) {
    List<Struct> all = new ArrayList<>();
    List<Subnet> subnets = new ArrayList<>(network.subnets());
    subnets.sort(Comparator.comparing(it -> it.network().isIpv6()));
    for (Subnet subnet : subnets) {
      Struct shown = new Struct().with("Subnet", subnet.subnet());
      subnet.range().ifPresent(it -> shown.with("IPRange", it));
      shown.with("Gateway", subnet.gateway());
      if (!subnet.reserved().isEmpty()) {
        shown.with("AuxiliaryAddresses", subnet.reserved());
      }
      all.add(shown);
    }
    return new Struct()
        .with("Driver", "default")
        .with("Options", java.util.Map.of())
        .with("Config", all);
  }

  private static Struct containers(Network network, List<Joined> members) {
    Struct all = new Struct();
    for (Joined member : members) {
      Endpoint endpoint = member.in(network.id()).orElseThrow();
      all.with(
          member.id(),
          new Struct()
              .with("Name", member.name())
              .with("EndpointID", ContainerNetworks.endpointId(member.id(), network.id()))
              .with("MacAddress", endpoint.mac())
              .with("IPv4Address", prefixed(endpoint.ipv4(), network.ipv4Subnet()))
              .with("IPv6Address", prefixed(endpoint.ipv6(), network.ipv6Subnet())));
    }
    return all;
  }

  private static String prefixed(Optional<String> address, Optional<Subnet> subnet) {
    return address.flatMap(it -> subnet.map(net -> it + "/" + net.network().prefix())).orElse("");
  }
}
