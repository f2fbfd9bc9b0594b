package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Formatted;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.command.container.Diagnosis.Finding;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import io.kapsel.cli.template.Struct;
import io.kapsel.engine.LogQuery;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** {@code kapsel why}: why a container ended, was killed, is unhealthy or could not be started. */
public final class WhyCommand implements Command {
  private static final int LINES = 10;
  private static final Flag<Long> TAIL =
      Flag.of("tail", "int", "How many last lines of its log to show (default 10)", Values::integer)
          .shorthand('n');
  private static final Manual MANUAL =
      new Manual(
          "why",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Say why a container ended, or is not well, and what mends it",
          """
          What is known of its last end, of the memory that it had then, of its last start
          that failed and the step at which it did, of looks at its health, and its last
          words; each with what likely helps.
          """,
          FlagSet.of(TAIL, Listing.FORMAT),
          Operands.SOME);

  private final Clock clock;

  public WhyCommand(Clock clock) {
    this.clock = clock;
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    for (String each : call.operands()) {
      Engine.Container container = call.engine().container(each);
      List<Finding> found =
          Diagnosis.of(
              container.name(),
              container.status(),
              container.spec().restartPolicy(),
              clock.instant());
      String said = said(call, container);
      call.client()
          .out(
              format.isPresent()
                  ? Formatted.text(format.get(), struct(container, found, said))
                  : text(container.name(), found, said));
    }
    return 0;
  }

  private static String text(String name, List<Finding> found, String said) {
    StringBuilder text = new StringBuilder(name).append('\n');
    for (Finding each : found) {
      text.append("  ").append(each.what()).append('\n');
      if (!each.mend().isEmpty()) {
        text.append("    -> ").append(each.mend()).append('\n');
      }
    }
    if (!said.isEmpty()) {
      text.append("  last it printed:\n");
      said.lines().forEach(line -> text.append("    | ").append(line).append('\n'));
    }
    return text.toString();
  }

  private static Struct struct(Engine.Container container, List<Finding> found, String said) {
    return new Struct()
        .with("Name", container.name())
        .with("Status", ContainerRow.state(container.status()))
        .with(
            "Findings",
            found.stream()
                .map(it -> new Struct().with("What", it.what()).with("Mend", it.mend()))
                .toList())
        .with("Log", said.lines().toList());
  }

  /** What a terminal would obey is shown, not done. */
  private static String said(Call call, Engine.Container container) {
    long lines = call.arguments().last(TAIL).orElse((long) LINES);
    if (lines <= 0 || container.status().startedAt().isEmpty()) {
      return "";
    }
    LogQuery query =
        new LogQuery(
            OptionalInt.of((int) Math.min(lines, Integer.MAX_VALUE)),
            Optional.empty(),
            Optional.empty(),
            false);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try (Engine.Log log = container.log(query)) {
      for (Optional<byte[]> piece = next(call, log); piece.isPresent(); piece = next(call, log)) {
        all.writeBytes(piece.get());
      }
    }
    return all.toString(StandardCharsets.UTF_8)
        .lines()
        .map(Text::escape)
        .reduce("", (before, line) -> before + line + "\n");
  }

  private static Optional<byte[]> next(Call call, Engine.Log log) {
    return call.client().waiting(() -> log.next().map(piece -> piece.bytes()));
  }
}
