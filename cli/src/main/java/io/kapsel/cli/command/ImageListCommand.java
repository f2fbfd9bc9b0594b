package io.kapsel.cli.command;

import io.kapsel.base.ByteSize;
import io.kapsel.base.Json;
import io.kapsel.base.JsonName;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.print.HumanTime;
import io.kapsel.cli.print.Table;
import io.kapsel.image.Image;
import io.kapsel.image.Layers;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Reference;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** {@code kapsel images}: which images there are. */
final class ImageListCommand implements Command {
  private static final Flag<Boolean> ALL =
      Flag.toggle('a', "all", "Show all images; none are hidden");
  private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Show only ids");
  private static final Flag<Boolean> WHOLE = Flag.toggle("no-trunc", "Show whole ids");
  private static final Flag<Boolean> DIGESTS = Flag.toggle("digests", "Show digests");
  private static final Flag<Predicate<Image>> FILTER =
      Flag.of(
              "filter",
              "filter",
              "Show only images with this reference=, dangling= or label=",
              ImageFilter::parse)
          .shorthand('f');
  private static final Flag<String> FORMAT =
      Flag.text("format", "string", "table (default), or json: one object a line");
  private static final String NONE = "<none>";

  private final Clock clock;
  private final Manual manual;

  ImageListCommand(String name, Clock clock) {
    this.clock = clock;
    this.manual =
        new Manual(
            name,
            "[OPTIONS] [REPOSITORY[:TAG]]",
            "List images",
            "",
            FlagSet.of(ALL, QUIET, WHOLE, DIGESTS, FILTER, FORMAT, RefusedFlags.TREE),
            new Operands(0, 1));
  }

  /** A line of {@code --format json}, with the keys of Docker. */
  private record Line(
      @JsonName("Repository") String repository,
      @JsonName("Tag") String tag,
      @JsonName("Digest") String digest,
      @JsonName("ID") String id,
      @JsonName("CreatedAt") String createdAt,
      @JsonName("CreatedSince") String createdSince,
      @JsonName("Size") String size) {}

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    String format = call.arguments().last(FORMAT).orElse("table");
    if (!format.equals("table") && !format.equals("json")) {
      throw new CommandException(1, "--format knows 'table' and 'json', not '" + format + "'");
    }
    List<Line> lines = lines(call);
    if (call.arguments().is(QUIET)) {
      lines.stream().map(Line::id).distinct().forEach(call::print);
    } else if (format.equals("json")) {
      lines.forEach(it -> call.print(new String(Json.write(it), StandardCharsets.UTF_8)));
    } else {
      call.client().out(table(lines, call.arguments().is(DIGESTS)));
    }
    return 0;
  }

  private List<Line> lines(Call call) {
    Optional<Predicate<Reference>> wanted =
        call.operands().stream().findFirst().map(ImageFilter::names);
    List<Predicate<Image>> filters = call.arguments().all(FILTER);
    Map<Digest, Layers.Layer> layers = call.engine().images().store().layers().all();
    boolean whole = call.arguments().is(WHOLE);
    List<Line> lines = new ArrayList<>();
    for (Image each : call.engine().images().list()) {
      if (!filters.stream().allMatch(filter -> filter.test(each))) {
        continue;
      }
      long size = size(each, layers);
      if (each.names().isEmpty() && wanted.isEmpty()) {
        lines.add(line(each, Optional.empty(), size, whole));
      }
      for (Reference name : each.names()) {
        if (wanted.isEmpty() || wanted.get().test(name)) {
          lines.add(line(each, Optional.of(name), size, whole));
        }
      }
    }
    return lines;
  }

  private Line line(Image image, Optional<Reference> name, long size, boolean whole) {
    return new Line(
        name.map(Reference::familiarName).orElse(NONE),
        name.flatMap(Reference::tag).orElse(NONE),
        image.sources().stream().findFirst().orElse(image.descriptor().id()).toString(),
        whole ? image.id().toString() : image.id().abbreviated(),
        image.created().toString(),
        HumanTime.ago(image.created(), clock.instant()),
        ByteSize.printDecimal(size));
  }

  /** Bytes of the unpacked layers; of those that are not unpacked, their blobs. */
  static long size(Image image, Map<Digest, Layers.Layer> layers) {
    long size = 0;
    List<Digest> diffIds = image.config().diffIds();
    for (int i = 0; i < Math.min(diffIds.size(), image.manifest().layers().size()); i++) {
      Layers.Layer layer = layers.get(diffIds.get(i));
      size += layer == null ? image.manifest().layers().get(i).size() : layer.bytes();
    }
    return size;
  }

  private static String table(List<Line> lines, boolean digests) {
    Table table =
        digests
            ? new Table("REPOSITORY", "TAG", "DIGEST", "IMAGE ID", "CREATED", "SIZE")
            : new Table("REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE");
    for (Line each : lines) {
      if (digests) {
        table.row(
            each.repository(),
            each.tag(),
            each.digest(),
            each.id(),
            each.createdSince(),
            each.size());
      } else {
        table.row(each.repository(), each.tag(), each.id(), each.createdSince(), each.size());
      }
    }
    return table.text();
  }
}
