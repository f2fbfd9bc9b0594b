package io.kapsel.cli.command.container;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Times;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.flag.Values;
import io.kapsel.engine.LogQuery;
import io.kapsel.engine.log.LogRecord;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/** {@code kapsel logs}: what a container has printed, and what it goes on to print. */
public final class LogsCommand implements Command {
  private static final Flag<Boolean> FOLLOW =
      Flag.toggle('f', "follow", "Go on until the container ends");
  private static final Flag<Boolean> TIMESTAMPS =
      Flag.toggle('t', "timestamps", "Show when each line was printed");
  private static final Flag<Boolean> DETAILS =
      Flag.toggle("details", "Show the labels and variables that the log was to have");
  private static final Flag<OptionalInt> TAIL =
      Flag.of("tail", "string", "Show that many last lines (default \"all\")", LogsCommand::tail)
          .shorthand('n');
  private static final Flag<String> SINCE =
      Flag.text("since", "string", "Show what is newer: 2026-01-31T12:00:00Z, or 42m ago");
  private static final Flag<String> UNTIL =
      Flag.text("until", "string", "Show what is older: 2026-01-31T12:00:00Z, or 42m ago");
  private static final Manual MANUAL =
      new Manual(
          "logs",
          "[OPTIONS] CONTAINER",
          "Show what a container has printed",
          "",
          FlagSet.of(DETAILS, FOLLOW, TIMESTAMPS, TAIL, SINCE, UNTIL),
          Operands.ONE);

  private final Clock clock;

  public LogsCommand(Clock clock) {
    this.clock = clock;
  }

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Instant now = clock.instant();
    boolean follow = call.arguments().is(FOLLOW);
    LogQuery query =
        new LogQuery(
            call.arguments().last(TAIL).orElse(OptionalInt.empty()),
            call.arguments().last(SINCE).map(it -> Times.instant(it, now)),
            call.arguments().last(UNTIL).map(it -> Times.instant(it, now)),
            follow);
    boolean times = call.arguments().is(TIMESTAMPS);
    Engine.Container container = call.engine().container(call.operands().getFirst());
    try (Engine.Log log = container.log(query)) {
      LogPrinter printer =
          new LogPrinter(
              call.client(),
              times,
              call.arguments().is(DETAILS) ? Optional.of(log.details()) : Optional.empty());
      Optional<LogRecord> next = next(call, log, follow);
      while (next.isPresent()) {
        printer.print(next.get());
        next = next(call, log, follow);
      }
    }
    return 0;
  }

  /** Only who follows waits; otherwise pieces travel together instead of one by one. */
  private static Optional<LogRecord> next(Call call, Engine.Log log, boolean follow) {
    if (follow) {
      return call.client().waiting(log::next);
    }
    try {
      return log.next();
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts what does not wait", e);
    }
  }

  private static OptionalInt tail(String text) {
    if (text.equals("all")) {
      return OptionalInt.empty();
    }
    long lines = Values.integer(text);
    return lines < 0
        ? OptionalInt.empty()
        : OptionalInt.of((int) Math.min(lines, Integer.MAX_VALUE));
  }
}
