package io.kapsel.cli.template;

import io.kapsel.base.JsonTree;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Go's {@code printf}: verbs that Java's formatter does not know, and other words for misuse. */
final class Printf {
  private static final int WIDEST = 1 << 16;
  private static final Pattern VERB =
      Pattern.compile("%([-+# 0]*)(\\d+|\\*)?(?:\\.(\\d+|\\*)?)?(.)?", Pattern.DOTALL);

  private final List<Object> values;
  private int next;

  private Printf(List<Object> values) {
    this.values = values;
  }

  static String format(String format, List<Object> values) {
    return new Printf(values).format(format);
  }

  private String format(String format) {
    StringBuilder text = new StringBuilder();
    Matcher matcher = VERB.matcher(format);
    int from = 0;
    while (matcher.find(from)) {
      text.append(format, from, matcher.start());
      text.append(verb(matcher));
      from = matcher.end();
    }
    text.append(format.substring(from));
    if (next < values.size()) {
      text.append("%!(EXTRA ");
      for (int i = next; i < values.size(); i++) {
        text.append(i > next ? ", " : "").append(typed(values.get(i)));
      }
      text.append(')');
    }
    return text.toString();
  }

  private String verb(Matcher matcher) {
    String letter = matcher.group(4);
    if (letter == null) {
      return "%!(NOVERB)";
    }
    if (letter.equals("%")) {
      return "%";
    }
    String flags = matcher.group(1);
    int width = count(matcher.group(2), 0);
    boolean precise = matcher.group().contains(".");
    int precision = precise ? count(matcher.group(3), 0) : -1;
    if (next >= values.size()) {
      return "%!" + letter + "(MISSING)";
    }
    Object value = values.get(next++);
    return pad(converted(letter.charAt(0), flags, precision, value), flags, width);
  }

  private int count(@Nullable String text, int usual) {
    if (text == null) {
      return usual;
    }
    long number =
        !text.equals("*")
            ? Long.parseLong(text)
            : next < values.size() && values.get(next++) instanceof Long given ? given : -1;
    return number < 0 || number > WIDEST ? usual : (int) number;
  }

  private static String pad(String text, String flags, int width) {
    int missing = width - text.codePointCount(0, text.length());
    if (missing <= 0) {
      return text;
    }
    if (flags.contains("-")) {
      return text + " ".repeat(missing);
    }
    if (!flags.contains("0")) {
      return " ".repeat(missing) + text;
    }
    boolean signed = text.startsWith("-") || text.startsWith("+");
    return (signed ? text.substring(0, 1) : "")
        + "0".repeat(missing)
        + (signed ? text.substring(1) : text);
  }

  private static String converted(
      char letter, String flags, int precision, @Nullable Object value) {
    String plus = flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
    return switch (letter) {
      case 'v' -> cut(GoText.inside(value), value instanceof String ? precision : -1);
      case 'T' -> Values.type(value);
      case 't' -> value instanceof Boolean ? value.toString() : misused(letter, value);
      case 's' -> value instanceof Number ? misused(letter, value) : strings(value, precision);
      case 'q' -> quoted(letter, value);
      case 'd', 'b', 'o', 'c', 'U' ->
          value instanceof Long number ? integer(letter, number, plus) : misused(letter, value);
      case 'x', 'X' -> hex(letter, value);
      case 'f', 'F', 'e', 'E', 'g', 'G' ->
          value instanceof Double number
              ? real(letter, number, precision, plus)
              : misused(letter, value);
      default -> misused(letter, value);
    };
  }

  private static String strings(@Nullable Object value, int precision) {
    return value == null || value instanceof Boolean
        ? misused('s', value)
        : cut(GoText.inside(value), precision);
  }

  private static String cut(String text, int precision) {
    return precision < 0 || text.codePointCount(0, text.length()) <= precision
        ? text
        : text.substring(0, text.offsetByCodePoints(0, precision));
  }

  private static String quoted(char letter, @Nullable Object value) {
    return switch (value) {
      case String text -> JsonTree.write(text);
      case Long number -> "'" + Character.toString(number.intValue()) + "'";
      case List<?> list ->
          list.stream()
              .map(each -> quoted(letter, each))
              .collect(java.util.stream.Collectors.joining(" ", "[", "]"));
      case null, default -> misused(letter, value);
    };
  }

  private static String integer(char letter, long number, String plus) {
    String sign = number >= 0 ? plus : "";
    return switch (letter) {
      case 'b' -> sign + Long.toString(number, 2);
      case 'o' -> sign + Long.toString(number, 8);
      case 'c' ->
          Character.isValidCodePoint((int) number) ? Character.toString((int) number) : "\uFFFD";
      case 'U' -> "U+%04X".formatted(number);
      default -> sign + number;
    };
  }

  private static String hex(char letter, @Nullable Object value) {
    String text =
        switch (value) {
          case Long number -> Long.toString(number, 16);
          case String string -> HexFormat.of().formatHex(string.getBytes(StandardCharsets.UTF_8));
          case null, default -> misused(letter, value);
        };
    return letter == 'X' ? text.toUpperCase(Locale.ROOT) : text;
  }

  private static String real(char letter, double number, int precision, String plus) {
    String sign = number >= 0 ? plus : "";
    if (letter == 'g' || letter == 'G') {
      return sign + GoText.of(number);
    }
    return sign
        + String.format(
            Locale.ROOT,
            "%." + (precision < 0 ? 6 : precision) + (letter == 'F' ? 'f' : letter),
            number);
  }

  private static String misused(char letter, @Nullable Object value) {
    return "%!" + letter + "(" + typed(value) + ")";
  }

  private static String typed(@Nullable Object value) {
    return value == null ? "<nil>" : Values.type(value) + "=" + GoText.inside(value);
  }
}
