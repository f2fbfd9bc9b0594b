package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.RefusedFlags;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.image.Image;
import io.kapsel.image.Layers;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Reference;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** {@code kapsel images}: which images there are. */
public final class ImageListCommand implements Command {
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all", "Show all images; none are hidden");
  private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Show only ids");
  private static final Flag<Boolean> WHOLE = Flag.toggle("no-trunc", "Show whole ids");
  private static final Flag<Boolean> DIGESTS = Flag.toggle("digests", "Show digests");
  private static final Flag<ImageFilter> FILTER =
      Flag.of(
              "filter",
              "filter",
              "Show only images with this reference=, dangling=, label=, before=, since= or until=",
              ImageFilter::parse)
          .shorthand('f');
  private static final Map<String, String> HEADINGS =
      Map.ofEntries(
          Map.entry("Repository", "REPOSITORY"),
          Map.entry("Tag", "TAG"),
          Map.entry("Digest", "DIGEST"),
          Map.entry("ID", "IMAGE ID"),
          Map.entry("CreatedAt", "CREATED AT"),
          Map.entry("CreatedSince", "CREATED"),
          Map.entry("Size", "SIZE"),
          Map.entry("VirtualSize", "SIZE"),
          Map.entry("Containers", "CONTAINERS"),
          Map.entry("SharedSize", "SHARED SIZE"),
          Map.entry("UniqueSize", "UNIQUE SIZE"));
  private static final Listing USUAL =
      new Listing(List.of(".Repository", ".Tag", ".ID", ".CreatedSince", ".Size"), HEADINGS);
  private static final Listing WITH_DIGESTS =
      new Listing(
          List.of(".Repository", ".Tag", ".Digest", ".ID", ".CreatedSince", ".Size"), HEADINGS);

  private final Clock clock;
  private final Manual manual;

  public ImageListCommand(String name, Clock clock) {
    this.clock = clock;
    this.manual =
        new Manual(
            name,
            "[OPTIONS] [REPOSITORY[:TAG]]",
            "List images",
            "",
            FlagSet.of(ALL, QUIET, WHOLE, DIGESTS, FILTER, Listing.FORMAT, RefusedFlags.TREE),
            new Operands(0, 1));
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    List<Struct> rows = rows(call);
    if (call.arguments().is(QUIET) && format.isEmpty()) {
      rows.stream().map(row -> String.valueOf(row.get("ID"))).distinct().forEach(call::print);
      return 0;
    }
    (call.arguments().is(DIGESTS) ? WITH_DIGESTS : USUAL).print(call, format, rows);
    return 0;
  }

  private List<Struct> rows(Call call) {
    Optional<Predicate<Reference>> wanted =
        ImageFilter.names(call.operands(), call.arguments().all(FILTER));
    Instant now = clock.instant();
    Predicate<Image> filter =
        ImageFilter.all(call.arguments().all(FILTER), call.engine().images(), now);
    Map<Digest, Layers.Layer> layers = call.engine().images().store().layers().all();
    boolean whole = call.arguments().is(WHOLE);
    List<Struct> rows = new ArrayList<>();
    for (Image each : call.engine().images().list()) {
      if (!filter.test(each)) {
        continue;
      }
      long size = ImageRow.size(each, layers);
      if (each.names().isEmpty() && wanted.isEmpty()) {
        rows.add(ImageRow.of(each, Optional.empty(), size, whole, now));
      }
      for (Reference name : each.names()) {
        if (wanted.isEmpty() || wanted.get().test(name)) {
          rows.add(ImageRow.of(each, Optional.of(name), size, whole, now));
        }
      }
    }
    return rows;
  }
}
