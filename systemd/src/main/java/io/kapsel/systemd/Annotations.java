package io.kapsel.systemd;

import io.kapsel.systemd.UnitProperty.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Properties that a container's annotations set: {@code org.systemd.property.NAME}. */
public final class Annotations {
  private static final String PREFIX = "org.systemd.property.";
  private static final String SECONDS = "Sec";
  private static final double MICROSECONDS = 1_000_000;

  private Annotations() {}

  /**
   * Those among all annotations. One that ends in {@code Sec} may be a number of seconds, as in a
   * unit's file; on the bus all are microseconds.
   */
  public static List<UnitProperty> properties(Map<String, String> annotations) {
    List<UnitProperty> found = new ArrayList<>();
    for (Map.Entry<String, String> each : new TreeMap<>(annotations).entrySet()) {
      if (each.getKey().startsWith(PREFIX)) {
        found.add(property(each.getKey(), each.getValue()));
      }
    }
    return found;
  }

  private static UnitProperty property(String key, String text) {
    String name = key.substring(PREFIX.length());
    if (!name.matches("[A-Za-z]{4,}")) {
      throw new SystemdException(
          "annotation %s=%s value parse error: '%s' is no name of a property"
              .formatted(key, text, name),
          null);
    }
    try {
      Value value = VariantText.parse(text);
      boolean seconds = name.endsWith(SECONDS) && !name.endsWith("USec");
      return seconds
          ? new UnitProperty(
              name.substring(0, name.length() - SECONDS.length()) + "USec", microseconds(value))
          : new UnitProperty(name, value);
    } catch (IllegalArgumentException e) {
      throw new SystemdException(
          "annotation %s=%s value parse error: %s".formatted(key, text, e.getMessage()), e);
    }
  }

  private static Value microseconds(Value value) {
    return switch (value) {
      case Value.Whole(long bits, _) ->
          new Value.Whole(Math.multiplyExact(bits, (long) MICROSECONDS), 't');
      case Value.Real(double seconds) -> new Value.Whole((long) (seconds * MICROSECONDS), 't');
      default -> throw new IllegalArgumentException("it is no number of seconds");
    };
  }
}
