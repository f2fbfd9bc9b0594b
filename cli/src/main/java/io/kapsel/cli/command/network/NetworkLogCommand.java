package io.kapsel.cli.command.network;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Formatted;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.network.Network;
import io.kapsel.network.Refusal;
import io.kapsel.network.Refusals;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/** {@code kapsel network log}: what policies have refused. */
public final class NetworkLogCommand implements Command {
  private static final Flag<Boolean> FOLLOW =
      Flag.toggle('f', "follow", "Go on with what is refused from now on");
  private static final Flag<String> CONTAINER =
      Flag.text("container", "list", "Only of this container");
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final Manual MANUAL =
      new Manual(
          "network log",
          "[OPTIONS] [NETWORK]",
          "Show what containers wanted to reach and policies (--egress) have refused",
          "",
          FlagSet.of(FOLLOW, CONTAINER, Listing.FORMAT),
          new Operands(0, 1));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<String> network =
        call.operands().stream().findFirst().map(it -> call.engine().networks().find(it).name());
    List<String> containers =
        call.arguments().all(CONTAINER).stream()
            .map(it -> call.engine().container(it).id())
            .toList();
    Refusals refusals = call.engine().networks().refusals();
    long seen = 0;
    boolean follow = call.arguments().is(FOLLOW);
    Duration patience = Duration.ZERO;
    do {
      long from = seen;
      Duration wait = patience;
      Refusals.Later later = call.client().waiting(() -> refusals.after(from, wait));
      seen = later.seen();
      for (Refusal each : later.refusals()) {
        if ((containers.isEmpty() || containers.contains(each.container()))
            && isOf(call, network, each)) {
          call.print(text(each, call.arguments().last(Listing.FORMAT)));
        }
      }
      patience = LOOK;
    } while (follow);
    return 0;
  }

  /** By a network's policy, or in a container that is there. */
  private static boolean isOf(Call call, Optional<String> network, Refusal refusal) {
    if (network.isEmpty() || refusal.network().equals(network)) {
      return true;
    }
    Network wanted = call.engine().networks().find(network.get());
    return call.engine().networks().members(wanted).stream()
        .anyMatch(it -> it.id().equals(refusal.container()));
  }

  private static String text(Refusal it, Optional<String> format) {
    if (format.isEmpty()) {
      return "%s %s refused %s %s%s"
          .formatted(
              TIME.format(it.time()),
              it.name(),
              it.protocol(),
              Text.escape(it.target()),
              it.network().map(name -> " by network " + name).orElse(""));
    }
    Struct struct =
        new Struct()
            .with("Time", it.time().toString())
            .with("Container", it.container())
            .with("Name", it.name())
            .with("Network", it.network().orElse(""))
            .with("Protocol", it.protocol())
            .with("Address", it.address().orElse(""))
            .with("Port", it.port())
            .with("Host", it.host());
    return Formatted.text(format.get(), struct).stripTrailing();
  }
}
