package io.kapsel.cli.template;

import io.kapsel.base.JsonTree;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The functions of text/template, and those that Docker adds. */
final class Functions {
  private static final int LONGEST_PAD = 1 << 16;

  /** One function of evaluated arguments. */
  private interface Body {
    @Nullable Object call(List<Object> arguments);
  }

  private record Function(int least, int most, Body body) {}

  private static final Map<String, Function> ALL =
      Map.ofEntries(
          Map.entry("and", any(1, arguments -> arguments.getLast())),
          Map.entry("or", any(1, arguments -> arguments.getLast())),
          Map.entry("not", exactly(1, arguments -> !Values.truth(arguments.getFirst()))),
          Map.entry("len", exactly(1, arguments -> Values.length(arguments.getFirst()))),
          Map.entry("index", any(1, Functions::index)),
          Map.entry("slice", any(1, Functions::slice)),
          Map.entry("print", any(0, GoText::print)),
          Map.entry("println", any(0, GoText::println)),
          Map.entry(
              "printf",
              any(
                  1,
                  arguments ->
                      Printf.format(text(arguments, 0), arguments.subList(1, arguments.size())))),
          Map.entry("html", any(0, arguments -> html(GoText.print(arguments)))),
          Map.entry("js", any(0, arguments -> js(GoText.print(arguments)))),
          Map.entry(
              "urlquery",
              any(
                  0,
                  arguments -> URLEncoder.encode(GoText.print(arguments), StandardCharsets.UTF_8))),
          Map.entry("eq", any(2, Functions::equal)),
          Map.entry("ne", exactly(2, arguments -> !same(arguments))),
          Map.entry("lt", exactly(2, arguments -> order(arguments) < 0)),
          Map.entry("le", exactly(2, arguments -> order(arguments) <= 0)),
          Map.entry("gt", exactly(2, arguments -> order(arguments) > 0)),
          Map.entry("ge", exactly(2, arguments -> order(arguments) >= 0)),
          Map.entry("json", exactly(1, arguments -> JsonTree.write(plain(arguments.getFirst())))),
          Map.entry("split", exactly(2, Functions::split)),
          Map.entry("join", exactly(2, Functions::join)),
          Map.entry("title", exactly(1, arguments -> title(text(arguments, 0)))),
          Map.entry("lower", exactly(1, arguments -> text(arguments, 0).toLowerCase(Locale.ROOT))),
          Map.entry("upper", exactly(1, arguments -> text(arguments, 0).toUpperCase(Locale.ROOT))),
          Map.entry("pad", exactly(3, Functions::pad)),
          Map.entry("truncate", exactly(2, Functions::truncate)));

  private Functions() {}

  private static Function exactly(int count, Body body) {
    return new Function(count, count, body);
  }

  private static Function any(int least, Body body) {
    return new Function(least, Integer.MAX_VALUE, body);
  }

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static @Nullable Object call(String name, List<Object> arguments) {
    Function function = ALL.get(name);
    int count = arguments.size();
    if (function == null || count < function.least() || count > function.most()) {
      throw new IllegalArgumentException("wrong number of args for " + name + ": got " + count);
    }
    return function.body().call(arguments);
  }

  private static @Nullable Object plain(@Nullable Object value) {
    return value instanceof Values.Absent ? null : value;
  }

  private static String text(List<Object> arguments, int at) {
    Object value = arguments.get(at);
    if (value instanceof String text) {
      return text;
    }
    if (value instanceof Values.Absent) {
      return "";
    }
    throw new IllegalArgumentException(
        "wrong type for value; expected string; got " + Values.type(value));
  }

  private static int number(List<Object> arguments, int at) {
    if (arguments.get(at) instanceof Long number && Math.abs(number) <= LONGEST_PAD) {
      return number.intValue();
    }
    throw new IllegalArgumentException(
        "wrong type for value; expected int; got " + Values.type(arguments.get(at)));
  }

  private static @Nullable Object index(List<Object> arguments) {
    Object value = arguments.getFirst();
    for (Object key : arguments.subList(1, arguments.size())) {
      value = Values.index(value, key);
    }
    return value;
  }

  private static Object slice(List<Object> arguments) {
    Object value = arguments.getFirst();
    if (value instanceof String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int[] range = range(arguments, bytes.length);
      return new String(bytes, range[0], range[1] - range[0], StandardCharsets.UTF_8);
    }
    if (value instanceof List<?> list) {
      int[] range = range(arguments, list.size());
      return list.subList(range[0], range[1]);
    }
    throw new IllegalArgumentException("can't slice item of type " + Values.type(value));
  }

  private static int[] range(List<Object> arguments, int size) {
    int from = arguments.size() > 1 ? Values.place(arguments.get(1), size + 1) : 0;
    int to = arguments.size() > 2 ? Values.place(arguments.get(2), size + 1) : size;
    if (from > to) {
      throw new IllegalArgumentException("invalid slice index: " + from + " > " + to);
    }
    return new int[] {from, to};
  }

  private static boolean same(List<Object> arguments) {
    return Values.same(arguments.get(0), arguments.get(1));
  }

  private static Object equal(List<Object> arguments) {
    Object first = arguments.getFirst();
    return arguments.stream().skip(1).anyMatch(each -> Values.same(first, each));
  }

  private static int order(List<Object> arguments) {
    return Values.order(arguments.get(0), arguments.get(1));
  }

  private static Object split(List<Object> arguments) {
    String text = text(arguments, 0);
    String by = text(arguments, 1);
    if (by.isEmpty()) {
      return text.codePoints().<Object>mapToObj(Character::toString).toList();
    }
    List<Object> parts = new ArrayList<>();
    int from = 0;
    for (int at = text.indexOf(by); at >= 0; at = text.indexOf(by, from)) {
      parts.add(text.substring(from, at));
      from = at + by.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  private static Object join(List<Object> arguments) {
    if (arguments.getFirst() == null) {
      return "";
    }
    if (!(arguments.getFirst() instanceof List<?> list)) {
      throw new IllegalArgumentException(
          "wrong type for value; expected []string; got " + Values.type(arguments.getFirst()));
    }
    return list.stream().map(GoText::of).collect(Collectors.joining(text(arguments, 1)));
  }

  private static String title(String text) {
    StringBuilder titled = new StringBuilder();
    boolean inWord = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      titled.append(inWord ? c : Character.toTitleCase(c));
      inWord = c == '_' || c == '\'' || Character.isLetterOrDigit(c);
    }
    return titled.toString();
  }

  private static Object pad(List<Object> arguments) {
    String text = text(arguments, 0);
    return text.isEmpty()
        ? text
        : " ".repeat(number(arguments, 1)) + text + " ".repeat(number(arguments, 2));
  }

  private static Object truncate(List<Object> arguments) {
    String text = text(arguments, 0);
    int most = number(arguments, 1);
    return text.length() < most ? text : text.substring(0, most);
  }

  private static String html(String text) {
    return text.replace("&", "&amp;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\0", "\uFFFD");
  }

  private static String js(String text) {
    StringBuilder safe = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\', '\'', '"' -> safe.append('\\').append(c);
        case '<', '>', '&', '=' -> safe.append("\\u%04X".formatted((int) c));
        default -> safe.append(c < ' ' ? "\\u%04X".formatted((int) c) : String.valueOf(c));
      }
    }
    return safe.toString();
  }
}
