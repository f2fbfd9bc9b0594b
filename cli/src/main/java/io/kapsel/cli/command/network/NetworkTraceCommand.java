package io.kapsel.cli.command.network;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Formatted;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.EngineException;
import io.kapsel.linux.netlink.Cidr;
import io.kapsel.network.Trace;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** {@code kapsel network trace}: why somebody reaches somebody else, or does not. */
public final class NetworkTraceCommand implements Command {
  private static final String HOST = "host";
  private static final Manual MANUAL =
      new Manual(
          "network trace",
          "[OPTIONS] FROM TO[:PORT]",
          "Show the way from one place to another, and the rule that stops it",
          """
          A place is a container, 'host', an address, or a name outside. Nothing is sent:
          the way is told from the networks, the rules and what the kernel has. The exit
          code is 1 where it does not lead to its end.
          """,
          FlagSet.of(Listing.FORMAT),
          new Operands(2, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    String to = call.operands().getLast();
    int colon = to.lastIndexOf(':');
    boolean ported = colon > 0 && (to.indexOf(':') == colon || to.charAt(colon - 1) == ']');
    int port = ported ? port(to.substring(colon + 1)) : 0;
    String target = (ported ? to.substring(0, colon) : to).replaceAll("[\\[\\]]", "");
    Trace.End from = end(call, call.operands().getFirst());
    Trace trace = call.engine().networks().trace(from, end(call, target), port);
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    if (format.isPresent()) {
      call.client().out(Formatted.text(format.get(), struct(trace)));
    } else {
      print(call, trace);
    }
    return trace.obstacle().isPresent() ? 1 : 0;
  }

  private static int port(String text) {
    if (!text.matches("\\d{1,5}") || Integer.parseInt(text) > 65535) {
      throw new CommandException(125, "'" + text + "' is not a port");
    }
    return Integer.parseInt(text);
  }

  private static Trace.End end(Call call, String name) {
    if (name.equals(HOST)) {
      return new Trace.End(Optional.empty(), 0, "", name);
    }
    try {
      Engine.Container container = call.engine().container(name);
      int pid = container.status().pid().orElse(0);
      return new Trace.End(Optional.of(container.id()), pid, "", container.name());
    } catch (EngineException.NotFound _) {
      return new Trace.End(Optional.empty(), 0, address(name), name.toLowerCase(Locale.ROOT));
    }
  }

  private static String address(String name) {
    try {
      return Cidr.text(Cidr.address(name));
    } catch (IllegalArgumentException _) {
      return lookedUp(name);
    }
  }

  private static String lookedUp(String name) {
    try {
      return Cidr.text(InetAddress.getByName(name));
    } catch (UnknownHostException e) {
      throw new CommandException(
          1, "cannot find '" + name + "': it is no container, no address and no known name");
    }
  }

  private static void print(Call call, Trace trace) {
    List<Trace.Hop> hops = trace.hops();
    int width = hops.stream().mapToInt(it -> it.where().length()).max().orElse(0);
    for (Trace.Hop hop : hops) {
      String where = hop.where() + " ".repeat(width - hop.where().length());
      call.print((hop.passes() ? "  " : "x ") + where + "  " + hop.says());
    }
    call.print(trace.obstacle().isPresent() ? "not reached" : "reached");
  }

  private static Struct struct(Trace trace) {
    return new Struct()
        .with("Reached", trace.obstacle().isEmpty())
        .with(
            "Hops",
            trace.hops().stream()
                .map(it ->
                    new Struct()
                        .with("Where", it.where())
                        .with("Says", it.says())
                        .with("Passes", it.passes()))
                .toList());
  }
}
