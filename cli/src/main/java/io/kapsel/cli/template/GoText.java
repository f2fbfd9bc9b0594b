package io.kapsel.cli.template;

import io.kapsel.base.GoDuration;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Values as Go prints them. */
final class GoText {
  private static final int LEAST_EXPONENT = -4;
  private static final int LARGEST_EXPONENT = 21;

  private GoText() {}

  /** As {@code %v}. */
  static String of(@Nullable Object value) {
    return switch (value) {
      case null -> "<no value>";
      case List<?> list -> list.stream().map(GoText::inside).collect(joining("[", "]"));
      case Struct struct ->
          struct.values().stream()
              .filter(each -> !(each instanceof Method))
              .map(GoText::inside)
              .collect(joining("{", "}"));
      case Map<?, ?> map ->
          new TreeMap<>(map)
              .entrySet().stream()
                  .map(each -> each.getKey() + ":" + inside(each.getValue()))
                  .collect(joining("map[", "]"));
      case Double number -> decimal(number);
      case Duration time -> GoDuration.print(time);
      default -> value.toString();
    };
  }

  private static java.util.stream.Collector<CharSequence, ?, String> joining(String a, String z) {
    return Collectors.joining(" ", a, z);
  }

  static String inside(@Nullable Object value) {
    return value == null ? "<nil>" : of(value);
  }

  private static String decimal(double number) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return Double.isNaN(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";
    }
    if (number == 0) {
      return "0";
    }
    BigDecimal exact = new BigDecimal(Double.toString(number)).stripTrailingZeros();
    int exponent = exact.precision() - exact.scale() - 1;
    if (exponent >= LEAST_EXPONENT && exponent < LARGEST_EXPONENT) {
      return exact.toPlainString();
    }
    String digits = exact.unscaledValue().abs().toString();
    return (number < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + "e%+03d".formatted(exponent);
  }

  /** With spaces between those of which neither is a text. */
  static String print(List<Object> values) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < values.size(); i++) {
      boolean space =
          i > 0 && !(values.get(i) instanceof String) && !(values.get(i - 1) instanceof String);
      text.append(space ? " " : "").append(inside(values.get(i)));
    }
    return text.toString();
  }

  /** With spaces between all, and a line feed. */
  static String println(List<Object> values) {
    return values.stream().map(GoText::inside).collect(Collectors.joining(" ", "", "\n"));
  }
}
