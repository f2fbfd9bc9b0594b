package io.kapsel.cli.command.system;

import io.kapsel.base.JsonTree;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Engine;
import io.kapsel.cli.command.FilterText;
import io.kapsel.cli.command.Labels;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.command.Times;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.cli.template.Template;
import io.kapsel.cli.template.TemplateException;
import io.kapsel.engine.Event;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code kapsel events}: what happens, as it happens. */
public final class EventsCommand implements Command {
  private static final Flag<String> SINCE =
      Flag.text("since", "string", "Show what has happened since then, too");
  private static final Flag<String> UNTIL = Flag.text("until", "string", "End then");
  private static final Flag<Filter> FILTER =
      Flag.of(
              "filter",
              "filter",
              "Show only what is of this container=, event=, image=, label=, scope=, type= or"
                  + " volume=",
              Filter::parse)
          .shorthand('f');
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final Clock clock;
  private final Manual manual;

  public EventsCommand(String name, Clock clock) {
    this.clock = clock;
    this.manual =
        new Manual(
            name,
            "[OPTIONS]",
            "Get real time events from the engine",
            "",
            FlagSet.of(SINCE, UNTIL, FILTER, Listing.FORMAT),
            Operands.NONE);
  }

  /** One {@code --filter}. */
  private record Filter(String key, String value) {
    private static final Set<String> KEYS =
        Set.of("container", "event", "image", "label", "scope", "type", "volume");

    static Filter parse(String text) {
      FilterText filter = FilterText.parse(text, KEYS);
      return new Filter(filter.key(), filter.value());
    }

    boolean test(Event it) {
      return switch (key) {
        case "event" -> it.action().equals(value) || it.action().startsWith(value + ":");
        case "type" -> it.type().equals(value);
        case "container", "volume" ->
            it.type().equals(key)
                && (it.id().startsWith(value) || value.equals(it.attributes().get("name")));
        case "image" -> value.equals(it.attributes().get("image"));
        case "label" -> Labels.have(it.attributes(), value);
        default -> value.equals("local");
      };
    }
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    Instant now = clock.instant();
    Optional<Instant> since = call.arguments().last(SINCE).map(it -> Times.instant(it, now));
    Optional<Instant> until = call.arguments().last(UNTIL).map(it -> Times.instant(it, now));
    Optional<String> format = call.arguments().last(Listing.FORMAT);
    Optional<Template> template = format.filter(it -> !it.equals("json")).map(Listing::template);
    Map<String, List<Filter>> filters =
        call.arguments().all(FILTER).stream().collect(Collectors.groupingBy(Filter::key));
    Engine.EventSource source = call.engine().events(since.isPresent() || until.isPresent());
    while (!source.ended()) {
      Optional<Event> next = next(call, source, until);
      tellMissed(call, source);
      if (next.isEmpty()) {
        if (until.filter(it -> !clock.instant().isBefore(it)).isPresent()) {
          return 0;
        }
        continue;
      }
      Event event = next.get();
      if (until.filter(it -> event.time().isAfter(it)).isPresent()) {
        return 0;
      }
      boolean wanted = since.filter(it -> event.time().isBefore(it)).isEmpty();
      if (wanted && filters.values().stream().allMatch(any -> passes(any, event))) {
        call.print(text(event, format.isPresent(), template));
      }
    }
    return 0;
  }

  private static boolean passes(List<Filter> any, Event event) {
    return any.stream().anyMatch(each -> each.test(event));
  }

  private static void tellMissed(Call call, Engine.EventSource source) {
    long missed = source.missed();
    if (missed > 0) {
      call.complain(missed + " events came too fast and are missing here");
    }
  }

  private Optional<Event> next(Call call, Engine.EventSource source, Optional<Instant> until) {
    Duration left =
        until
            .map(it -> Duration.between(clock.instant(), it))
            .filter(it -> it.compareTo(LOOK) < 0)
            .orElse(LOOK);
    return call.client().waiting(() -> source.next(left.isNegative() ? Duration.ZERO : left));
  }

  private static String text(Event event, boolean formatted, Optional<Template> template) {
    if (!formatted) {
      return line(event);
    }
    Struct struct = struct(event);
    try {
      return template.map(it -> it.execute(struct)).orElseGet(() -> JsonTree.write(struct));
    } catch (TemplateException e) {
      throw new CommandException(1, String.valueOf(e.getMessage()));
    }
  }

  private static String line(Event event) {
    String attributes =
        event.attributes().entrySet().stream()
            .map(each -> each.getKey() + "=" + Text.escape(each.getValue()))
            .collect(Collectors.joining(", "));
    return TIME.format(event.time())
        + " "
        + event.type()
        + " "
        + event.action()
        + " "
        + event.id()
        + (attributes.isEmpty() ? "" : " (" + attributes + ")");
  }

  private static Struct struct(Event event) {
    Instant time = event.time();
    Struct struct = new Struct();
    if (event.type().equals("container")) {
      struct
          .with("status", event.action())
          .with("id", event.id())
          .with("from", event.attributes().getOrDefault("image", ""));
    }
    return struct
        .with("Type", event.type())
        .with("Action", event.action())
        .with("Actor", new Struct().with("ID", event.id()).with("Attributes", event.attributes()))
        .with("scope", "local")
        .with("time", time.getEpochSecond())
        .with("timeNano", time.getEpochSecond() * 1_000_000_000L + time.getNano());
  }
}
