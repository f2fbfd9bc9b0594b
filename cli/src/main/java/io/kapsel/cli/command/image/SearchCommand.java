package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Text;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Struct;
import io.kapsel.image.registry.Search;
import io.kapsel.oci.image.Reference;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** {@code kapsel search}: repositories of a registry that have a word in their name. */
public final class SearchCommand implements Command {
  private static final int USUAL = 25;
  private static final int MOST = 100;
  private static final int COLUMNS = 45;
  private static final Flag<Integer> LIMIT =
      Flag.of("limit", "int", "Show at most so many, up to 100 (default 25)", SearchCommand::limit);
  private static final Flag<Predicate<Search.Found>> FILTER =
      Flag.of(
              "filter",
              "filter",
              "Show only those with stars=N or is-official=true|false",
              SearchCommand::filter)
          .shorthand('f');
  private static final Flag<Boolean> WHOLE = Flag.toggle("no-trunc", "Show whole descriptions");
  private static final Manual MANUAL =
      new Manual(
          "search",
          "[OPTIONS] [HOST/]TERM",
          "Look for images in a registry",
          """
          Without a host, on Docker Hub. A registry that has no search is asked for the
          list of its repositories.
          """,
          FlagSet.of(LIMIT, FILTER, WHOLE, Listing.FORMAT),
          Operands.ONE);

  private static final Listing LISTING =
      new Listing(
          List.of(".Name", ".Description", ".StarCount", ".IsOfficial"),
          Map.of(
              "Name", "NAME",
              "Description", "DESCRIPTION",
              "StarCount", "STARS",
              "IsOfficial", "OFFICIAL",
              "IsAutomated", "AUTOMATED"));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  private static int limit(String text) {
    int limit = Integer.parseInt(text);
    if (limit < 1 || limit > MOST) {
      throw new IllegalArgumentException("is not between 1 and 100");
    }
    return limit;
  }

  private static Predicate<Search.Found> filter(String text) {
    String[] parts = text.split("=", 2);
    return switch (parts.length == 2 ? parts[0] : "") {
      case "stars" -> {
        int least = Integer.parseInt(parts[1]);
        yield found -> found.stars() >= least;
      }
      case "is-official" -> {
        boolean wanted = Boolean.parseBoolean(parts[1]);
        yield found -> found.official() == wanted;
      }
      default -> throw new IllegalArgumentException("is none of stars=N and is-official=BOOL");
    };
  }

  @Override
  public int run(Call call) {
    Place place = Place.of(call.operands().getFirst());
    List<Search.Found> all =
        Transfer.run(
            call,
            new TransferDisplay(TransferDisplay.Style.QUIET),
            _ ->
                new Search(Transfer.client(call))
                    .run(place.domain(), place.term(), call.arguments().last(LIMIT).orElse(USUAL)));
    List<Predicate<Search.Found>> filters = call.arguments().all(FILTER);
    List<Struct> rows =
        all.stream()
            .filter(each -> filters.stream().allMatch(filter -> filter.test(each)))
            .map(each -> row(each, place, call.arguments().is(WHOLE)))
            .toList();
    LISTING.print(call, call.arguments().last(Listing.FORMAT), rows);
    return 0;
  }

  private static Struct row(Search.Found each, Place place, boolean whole) {
    return new Struct()
        .with("Name", Text.escape(place.shown(each.name())))
        .with("Description", shortened(Text.escape(each.description()), whole))
        .with("StarCount", Integer.toString(each.stars()))
        .with("IsOfficial", each.official() ? "[OK]" : "")
        .with("IsAutomated", "");
  }

  /** Where to look for what: {@code registry.example:5000/term}, {@code team/app}, {@code app}. */
  private record Place(String domain, String term) {
    static Place of(String operand) {
      String first = operand.substring(0, Math.max(0, operand.indexOf('/')));
      boolean host = first.matches(".*[.:].*|localhost");
      return host
          ? new Place(
              ImageSource.reference(first + "/x").domain(), operand.substring(first.length() + 1))
          : new Place(Reference.HUB, operand);
    }

    String shown(String name) {
      return domain.equals(Reference.HUB) ? name : domain + "/" + name;
    }
  }

  private static String shortened(String text, boolean whole) {
    return whole || text.codePointCount(0, text.length()) <= COLUMNS
        ? text
        : text.substring(0, text.offsetByCodePoints(0, COLUMNS - 1)) + "…";
  }
}
