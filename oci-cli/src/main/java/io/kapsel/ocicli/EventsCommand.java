package io.kapsel.ocicli;

import io.kapsel.base.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** {@code events}: what a container uses, once or at intervals, as lines of JSON. */
final class EventsCommand implements Command {
  @Override
  public String name() {
    return "events";
  }

  @Override
  public String operands() {
    return "<container-id>";
  }

  @Override
  public String meaning() {
    return "show what a container uses";
  }

  @Override
  public Arity arity() {
    return Arity.ONE;
  }

  @Override
  public List<Option> options() {
    return List.of(
        Option.of("interval", "DURATION", "how often (5s)"),
        Option.toggle("stats", "once, and leave"));
  }

  @Override
  public int run(Call call) {
    Container container = call.store().find(call.id());
    Duration interval = interval(call.words().last("interval").orElse("5s"));
    if (container.status() == Status.STOPPED) {
      throw new OciException("container with id %s is not running".formatted(call.id()));
    }
    if (call.words().is("stats")) {
      print(call, container);
      return 0;
    }
    long kills = Statistics.oomKills(container.groups());
    long next = System.nanoTime() + interval.toNanos();
    while (container.alive()) {
      call.caller()
          .waiting(() -> {
            java.util.concurrent.TimeUnit.MILLISECONDS.sleep(Math.min(interval.toMillis(), 100));
            return true;
          });
      long now = Statistics.oomKills(container.groups());
      if (now > kills) {
        kills = now;
        call.caller().out("{\"type\":\"oom\",\"id\":\"" + call.id() + "\"}\n");
      }
      if (System.nanoTime() >= next && container.alive()) {
        next += interval.toNanos();
        print(call, container);
      }
    }
    return 0;
  }

  private static Duration interval(String text) {
    Duration interval = io.kapsel.base.GoDuration.parse(text);
    if (interval.isZero() || interval.isNegative()) {
      throw new OciException("duration interval must be greater than 0");
    }
    return interval;
  }

  private static void print(Call call, Container container) {
    Statistics.Event event = new Statistics.Event("stats", call.id(), Statistics.of(container));
    call.caller().out(new String(Json.write(event), StandardCharsets.UTF_8) + "\n");
  }
}
