package io.kapsel.engine;

import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The log option {@code tag}: a text with fields of the container, as Docker's users write it. */
final class LogTag {
  private static final Pattern FIELD = Pattern.compile("\\{\\{\\s*\\.([A-Za-z]+)\\s*}}");
  private static final int SHORT = 12;

  private LogTag() {}

  static String of(String template, StoredContainer stored) {
    String image = stored.image().map(StoredImage::id).orElse("");
    String hex = image.substring(image.indexOf(':') + 1);
    Map<String, String> fields =
        Map.of(
            "ID", stored.id().substring(0, SHORT),
            "FullID", stored.id(),
            "Name", stored.name(),
            "ImageID", hex.substring(0, Math.min(SHORT, hex.length())),
            "ImageFullID", image,
            "ImageName", stored.spec().root().toString(),
            "DaemonName", "kapsel");
    String text =
        FIELD
            .matcher(template)
            .replaceAll(
                found -> java.util.regex.Matcher.quoteReplacement(value(found, fields, template)));
    if (text.contains("{{")) {
      throw unknown(template);
    }
    return text;
  }

  private static String value(MatchResult found, Map<String, String> fields, String template) {
    String value = fields.get(found.group(1));
    if (value == null) {
      throw unknown(template);
    }
    return value;
  }

  private static EngineException unknown(String template) {
    return new EngineException.Invalid(
        "create", template, "only .ID .FullID .Name .ImageID .ImageName can stand in a tag");
  }
}
