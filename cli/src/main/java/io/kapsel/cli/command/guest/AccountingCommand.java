package io.kapsel.cli.command.guest;

import io.kapsel.base.ByteSize;
import io.kapsel.base.GoDuration;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.runtime.Account;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code kapsel accounting}: which limit hurts. */
public final class AccountingCommand implements Command {
  private static final Manual MANUAL =
      new Manual(
          "accounting",
          "[OPTIONS] CONTAINER [CONTAINER...]",
          "Show what containers hold of each resource, and which limits were in the way",
          """
          HELD is what it has now, MAX HELD the most since its start, FAILED how often the
          limit was in the way: one look says which limit hurts. A - stands for what the
          kernel does not count. Inside, the same is in /run/host/accounting.
          """,
          FlagSet.of(Listing.FORMAT),
          Operands.SOME);
  private static final Listing LISTING =
      new Listing(
          List.of(".Container", ".Resource", ".Held", ".MaxHeld", ".Limit", ".Failed"),
          Map.of(
              "Container", "CONTAINER",
              "Resource", "RESOURCE",
              "Held", "HELD",
              "MaxHeld", "MAX HELD",
              "Limit", "LIMIT",
              "Failed", "FAILED"));
  private static final String NONE = "-";

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    boolean plain = format.filter("json"::equals).isPresent();
    List<Struct> rows = new ArrayList<>();
    for (String reference : call.operands()) {
      Engine.Container container = call.engine().container(reference);
      for (Account each : container.accounts()) {
        rows.add(row(container.name(), each, plain));
      }
    }
    LISTING.print(call, format, rows);
    return 0;
  }

  private static Struct row(String container, Account it, boolean plain) {
    return new Struct()
        .with("Container", container)
        .with("Resource", it.resource())
        .with("Held", value(it.held(), it, plain))
        .with("MaxHeld", value(it.maxHeld(), it, plain))
        .with("Limit", value(it.limit(), it, plain))
        .with("Failed", it.failures().map(Object::toString).orElse(NONE));
  }

  private static String value(Optional<Long> number, Account of, boolean plain) {
    return number.map(it -> plain ? Long.toString(it) : shown(it, of.unit())).orElse(NONE);
  }

  private static String shown(long number, Account.Unit unit) {
    return switch (unit) {
      case COUNT -> Long.toString(number);
      case BYTES -> ByteSize.printBinary(number);
      case MICROSECONDS -> GoDuration.print(Duration.of(number, ChronoUnit.MICROS));
    };
  }
}
