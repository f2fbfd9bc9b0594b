package io.kapsel.cli.command;

import io.kapsel.cli.flag.Values;
import io.kapsel.image.Image;
import io.kapsel.oci.image.Reference;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What {@code --filter} of image commands means. */
final class ImageFilter {
  private ImageFilter() {}

  static Predicate<Image> parse(String text) {
    int equals = text.indexOf('=');
    String key = equals < 0 ? text : text.substring(0, equals);
    String value = text.substring(equals + 1);
    return switch (key) {
      case "reference" -> {
        Predicate<Reference> names = names(value);
        yield image -> image.names().stream().anyMatch(names);
      }
      case "dangling" -> {
        boolean wanted = Values.bool(value);
        yield image -> image.names().isEmpty() == wanted;
      }
      case "label" -> image -> hasLabel(image, value);
      default -> throw new IllegalArgumentException("invalid filter '" + key + "'");
    };
  }

  private static boolean hasLabel(Image image, String label) {
    int equals = label.indexOf('=');
    String found =
        image.config().execution().labels().get(equals < 0 ? label : label.substring(0, equals));
    return found != null && (equals < 0 || found.equals(label.substring(equals + 1)));
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
