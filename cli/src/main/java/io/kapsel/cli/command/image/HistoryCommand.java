package io.kapsel.cli.command.image;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.print.HumanTime;
import io.kapsel.cli.template.Struct;
import io.kapsel.image.Image;
import io.kapsel.image.Layers;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.ImageConfig;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code kapsel history}: how an image came to be. */
public final class HistoryCommand implements Command {
  private static final Flag<Boolean> WHOLE = Flag.toggle("no-trunc", "Show whole texts");
  private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Show only ids");
  private static final Flag<Boolean> HUMAN =
      Flag.toggle('H', "human", "Sizes and times for people (default); =false: exactly");
  private static final int COLUMNS = 45;
  private static final Map<String, String> HEADINGS =
      Map.of(
          "ID", "IMAGE",
          "CreatedSince", "CREATED",
          "CreatedAt", "CREATED AT",
          "CreatedBy", "CREATED BY",
          "Size", "SIZE",
          "Comment", "COMMENT");
  private static final Listing USUAL =
      new Listing(List.of(".ID", ".CreatedSince", ".CreatedBy", ".Size", ".Comment"), HEADINGS);
  private static final Listing EXACT =
      new Listing(List.of(".ID", ".CreatedAt", ".CreatedBy", ".Size", ".Comment"), HEADINGS);
  private static final Manual MANUAL =
      new Manual(
          "history",
          "[OPTIONS] IMAGE",
          "Show how an image came to be",
          "",
          FlagSet.of(HUMAN, WHOLE, QUIET, Listing.FORMAT),
          Operands.ONE);

  private final Clock clock;

  public HistoryCommand(Clock clock) {
    this.clock = clock;
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Image image = call.engine().images().get(call.operands().getFirst());
    boolean whole = call.arguments().is(WHOLE);
    boolean human = call.arguments().last(HUMAN).orElse(true);
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    List<Struct> rows =
        rows(image, call.engine().images().store().layers().all(), whole, human).reversed();
    if (call.arguments().is(QUIET) && format.isEmpty()) {
      rows.forEach(row -> call.print(String.valueOf(row.get("ID"))));
      return 0;
    }
    (human ? USUAL : EXACT).print(call, format, rows);
    return 0;
  }

  private List<Struct> rows(
      Image image, Map<Digest, Layers.Layer> layers, boolean whole, boolean human) {
    List<Struct> rows = new ArrayList<>();
    List<Digest> diffIds = image.config().diffIds();
    int layer = 0;
    int last = image.config().history().size() - 1;
    for (int i = 0; i <= last; i++) {
      ImageConfig.History each = image.config().history().get(i);
      long size = 0;
      if (!each.emptyLayer().orElse(false) && layer < diffIds.size()) {
        Layers.Layer known = layers.get(diffIds.get(layer));
        size = known == null ? image.manifest().layers().get(layer).size() : known.bytes();
        layer++;
      }
      String id = whole ? image.id().toString() : image.id().abbreviated();
      Optional<Instant> created = created(each);
      rows.add(
          new Struct()
              .with("ID", i < last ? "<missing>" : id)
              .with(
                  "CreatedSince",
                  created.map(it -> HumanTime.ago(it, clock.instant())).orElse("N/A"))
              .with("CreatedAt", created.map(Instant::toString).orElse(""))
              .with("CreatedBy", shortened(Text.escape(each.createdBy().orElse("")), whole))
              .with("Size", human ? ByteSize.printDecimal(size) : Long.toString(size))
              .with("Comment", Text.escape(each.comment().orElse(""))));
    }
    return rows;
  }

  private static Optional<Instant> created(ImageConfig.History history) {
    try {
      return history.created().map(Instant::parse);
    } catch (DateTimeParseException _) {
      return Optional.empty();
    }
  }

  private static String shortened(String text, boolean whole) {
    int length = text.codePointCount(0, text.length());
    return whole || length <= COLUMNS
        ? text
        : text.substring(0, text.offsetByCodePoints(0, COLUMNS - 1)) + "…";
  }
}
