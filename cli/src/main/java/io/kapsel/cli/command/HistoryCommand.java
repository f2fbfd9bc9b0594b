package io.kapsel.cli.command;

import io.kapsel.base.ByteSize;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.print.HumanTime;
import io.kapsel.cli.print.Table;
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

/** {@code kapsel history}: how an image came to be. */
final class HistoryCommand implements Command {
  private static final Flag<Boolean> WHOLE = Flag.toggle("no-trunc", "Show whole texts");
  private static final Flag<Boolean> QUIET = Flag.toggle('q', "quiet", "Show only ids");
  private static final int COLUMNS = 45;
  private static final Manual MANUAL =
      new Manual(
          "history",
          "[OPTIONS] IMAGE",
          "Show how an image came to be",
          "",
          FlagSet.of(WHOLE, QUIET),
          Operands.ONE);

  private final Clock clock;

  HistoryCommand(Clock clock) {
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
    if (call.arguments().is(QUIET)) {
      call.print(whole ? image.id().toString() : image.id().abbreviated());
      return 0;
    }
    Table table = new Table("IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT");
    List<String[]> rows = rows(image, call.engine().images().store().layers().all(), whole);
    rows.reversed().forEach(table::row);
    call.client().out(table.text());
    return 0;
  }

  private List<String[]> rows(Image image, Map<Digest, Layers.Layer> layers, boolean whole) {
    List<String[]> rows = new ArrayList<>();
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
      rows.add(
          new String[] {
            i < last ? "<missing>" : whole ? image.id().toString() : image.id().abbreviated(),
            created(each),
            shortened(Text.escape(each.createdBy().orElse("")), whole),
            ByteSize.printDecimal(size),
            Text.escape(each.comment().orElse(""))
          });
    }
    return rows;
  }

  private String created(ImageConfig.History history) {
    try {
      return history
          .created()
          .map(it -> HumanTime.ago(Instant.parse(it), clock.instant()))
          .orElse("N/A");
    } catch (DateTimeParseException _) {
      return "N/A";
    }
  }

  private static String shortened(String text, boolean whole) {
    int length = text.codePointCount(0, text.length());
    return whole || length <= COLUMNS
        ? text
        : text.substring(0, text.offsetByCodePoints(0, COLUMNS - 1)) + "…";
  }
}
