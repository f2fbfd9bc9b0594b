package io.kapsel.cli.command.system;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Formatted;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.ContainerStatus.Phase;
import io.kapsel.engine.Images;
import io.kapsel.engine.Volume;
import io.kapsel.engine.Volumes;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code kapsel system df}: how much room everything takes. */
public final class SystemUsageCommand implements Command {
  private static final Flag<Boolean> VERBOSE =
      Flag.toggle('v', "verbose", "Show each image, container and volume");
  private static final Manual MANUAL =
      new Manual(
          "system df",
          "[OPTIONS]",
          "Show disk usage",
          "",
          FlagSet.of(VERBOSE, Listing.FORMAT),
          Operands.NONE);
  private static final Listing LISTING =
      new Listing(
          List.of(".Type", ".TotalCount", ".Active", ".Size", ".Reclaimable"),
          Map.of(
              "Type", "TYPE",
              "TotalCount", "TOTAL",
              "Active", "ACTIVE",
              "Size", "SIZE",
              "Reclaimable", "RECLAIMABLE"));
  private final Clock clock;

  public SystemUsageCommand(Clock clock) {
    this.clock = clock;
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    if (call.arguments().is(VERBOSE)) {
      SystemUsageDetails details = SystemUsageDetails.of(call.engine(), clock.instant());
      call.client()
          .out(format.map(it -> Formatted.text(it, details.fields())).orElseGet(details::text));
      return 0;
    }
    LISTING.print(call, format, rows(call.engine()));
    return 0;
  }

  private static List<Struct> rows(Engine engine) {
    List<Struct> rows = new ArrayList<>();
    Images.Usage images = engine.images().usage();
    rows.add(
        row(
            "Images",
            images.images(),
            images.active(),
            images.blobs() + images.layers(),
            images.reclaimable()));
    rows.add(containers(engine.containers()));
    rows.add(volumes(engine.volumes()));
    return rows;
  }

  private static Struct volumes(Volumes volumes) {
    int active = 0;
    long bytes = 0;
    long idle = 0;
    for (Volume it : volumes.list()) {
      long own = volumes.bytes(it);
      boolean used = !volumes.users(it).isEmpty();
      bytes += own;
      active += used ? 1 : 0;
      idle += used ? 0 : own;
    }
    return row("Local Volumes", volumes.list().size(), active, bytes, idle);
  }

  private static Struct containers(List<Engine.Container> all) {
    int active = 0;
    long bytes = 0;
    long idle = 0;
    for (Engine.Container it : all) {
      long own = it.sizes().own();
      boolean running = it.status().phase() == Phase.RUNNING;
      bytes += own;
      active += running ? 1 : 0;
      idle += running ? 0 : own;
    }
    return row("Containers", all.size(), active, bytes, idle);
  }

  static Struct row(String type, int count, int active, long bytes, long reclaimable) {
    String share = bytes > 0 ? " (" + 100 * reclaimable / bytes + "%)" : "";
    return new Struct()
        .with("Type", type)
        .with("TotalCount", Integer.toString(count))
        .with("Active", Integer.toString(active))
        .with("Size", ByteSize.printDecimal(bytes))
        .with("Reclaimable", ByteSize.printDecimal(reclaimable) + share);
  }
}
