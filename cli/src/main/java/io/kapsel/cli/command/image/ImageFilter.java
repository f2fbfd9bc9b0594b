package io.kapsel.cli.command.image;

import io.kapsel.cli.command.FilterText;
import io.kapsel.cli.command.Labels;
import io.kapsel.cli.command.Times;
import io.kapsel.cli.flag.Values;
import io.kapsel.engine.Images;
import io.kapsel.image.Image;
import io.kapsel.oci.image.Reference;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One {@code --filter} of image commands. */
record ImageFilter(String key, String value) {
  private static final Set<String> KEYS =
      Set.of("reference", "dangling", "label", "label!", "before", "since", "until");

  /** Those of which each must hold; of the others, one of each key. */
  private static final Set<String> SINGLE = Set.of("label", "label!", "before", "since", "until");

  static ImageFilter parse(String text) {
    FilterText filter = FilterText.parse(text, KEYS);
    if (filter.key().equals("dangling")) {
      boolean _ = filter.truth();
    }
    return new ImageFilter(filter.key(), filter.value());
  }

  /** Whether an image is what all of them ask for. */
  static Predicate<Image> all(List<ImageFilter> filters, Images images, Instant now) {
    Map<String, List<Predicate<Image>>> groups =
        filters.stream()
            .collect(
                Collectors.groupingBy(
                    it -> SINGLE.contains(it.key) ? it.toString() : it.key,
                    Collectors.mapping(it -> it.test(images, now), Collectors.toList())));
    return image ->
        groups.values().stream().allMatch(any -> any.stream().anyMatch(each -> each.test(image)));
  }

  private Predicate<Image> test(Images images, Instant now) {
    return switch (key) {
      case "reference" -> {
        Predicate<Reference> names = names(value);
        yield image -> image.names().stream().anyMatch(names);
      }
      case "dangling" -> {
        boolean wanted = Values.bool(value);
        yield image -> image.names().isEmpty() == wanted;
      }
      case "before" -> {
        Instant then = images.get(value).created();
        yield image -> image.created().isBefore(then);
      }
      case "since" -> {
        Instant then = images.get(value).created();
        yield image -> image.created().isAfter(then);
      }
      case "until" -> {
        Instant then = Times.instant(value, now);
        yield image -> image.created().isBefore(then);
      }
      case "label!" -> image -> !Labels.have(labels(image), value);
      default -> image -> Labels.have(labels(image), value);
    };
  }

  private static Map<String, String> labels(Image image) {
    return image.config().execution().labels();
  }

  /** Which names of an image are asked for, by an operand or by filters; nothing: all. */
  static Optional<Predicate<Reference>> names(List<String> operands, List<ImageFilter> filters) {
    Optional<Predicate<Reference>> operand = operands.stream().findFirst().map(ImageFilter::names);
    return Stream.concat(
            operand.stream(),
            filters.stream()
                .filter(each -> each.key.equals("reference"))
                .map(each -> names(each.value))
                .reduce(Predicate::or)
                .stream())
        .reduce(Predicate::and);
  }

  /** Names as {@code images} takes them: a repository, with a tag or not, with {@code *}. */
  static Predicate<Reference> names(String pattern) {
    Pattern form =
        Pattern.compile(
            Pattern.quote(pattern).replace("*", "\\E[^/]*\\Q").replace("?", "\\E[^/]\\Q"));
    return name ->
        form.matcher(name.familiarName()).matches()
            || form.matcher(name.familiar()).matches()
            || form.matcher(name.name()).matches()
            || form.matcher(name.toString()).matches();
  }
}
