package io.kapsel.systemd;

import io.kapsel.systemd.UnitProperty.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A value as people write it, in the text format of GVariant: {@code 'text'}, {@code true}, {@code
 * 42}, {@code uint64 42}, {@code @t 42}, {@code ['a', 'b']}.
 */
final class VariantText {
  private static final Map<String, Character> TYPES =
      Map.ofEntries(
          Map.entry("boolean", 'b'),
          Map.entry("byte", 'y'),
          Map.entry("int16", 'n'),
          Map.entry("uint16", 'q'),
          Map.entry("int32", 'i'),
          Map.entry("uint32", 'u'),
          Map.entry("int64", 'x'),
          Map.entry("uint64", 't'),
          Map.entry("handle", 'h'),
          Map.entry("double", 'd'),
          Map.entry("string", 's'),
          Map.entry("objectpath", 'o'),
          Map.entry("signature", 'g'));
  private static final String TEXTS = "sog";
  private static final char NONE = 0;

  private final String text;
  private int at;

  private VariantText(String text) {
    this.text = text;
  }

  /**
   * Reads a value.
   *
   * @throws IllegalArgumentException when it is none
   */
  static Value parse(String text) {
    VariantText parser = new VariantText(text);
    Value value = parser.value(NONE);
    parser.skipSpaces();
    if (parser.at != text.length()) {
      throw parser.wrong();
    }
    return value;
  }

  private Value value(char type) {
    skipSpaces();
    if (at == text.length()) {
      throw wrong();
    }
    char first = text.charAt(at);
    if (first == '@') {
      at++;
      return annotated();
    }
    if (first == '[') {
      return array(type);
    }
    if (first == '\'' || first == '"') {
      return new Value.Text(quoted(first), type == NONE ? 's' : among(type, TEXTS));
    }
    String word = word();
    if (TYPES.containsKey(word)) {
      return value(TYPES.get(word));
    }
    if (word.equals("true") || word.equals("false")) {
      return new Value.Flag(word.equals("true"));
    }
    return number(word, type == NONE ? usual(word) : type);
  }

  private Value annotated() {
    String type = word();
    if (type.length() == 1) {
      return value(type.charAt(0));
    }
    if (type.length() == 2 && type.charAt(0) == 'a') {
      skipSpaces();
      return array(type.charAt(1));
    }
    throw wrong();
  }

  private Value array(char element) {
    List<Value> all = new ArrayList<>();
    at++;
    char type = element;
    for (skipSpaces(); at < text.length() && text.charAt(at) != ']'; skipSpaces()) {
      Value value = value(type);
      type = typeOf(value);
      all.add(value);
      skipSpaces();
      if (at < text.length() && text.charAt(at) == ',') {
        at++;
      } else if (at < text.length() && text.charAt(at) != ']') {
        throw wrong();
      }
    }
    if (at == text.length() || type == NONE) {
      throw wrong();
    }
    at++;
    return new Value.Array(all, type);
  }

  private char typeOf(Value value) {
    return switch (value) {
      case Value.Flag _ -> 'b';
      case Value.Text(_, char type) -> type;
      case Value.Whole(_, char type) -> type;
      case Value.Real _ -> 'd';
      case Value.Pairs _, Value.Array _ -> throw wrong();
    };
  }

  private static char usual(String word) {
    return word.contains(".") || (word.contains("e") && !word.startsWith("0x")) ? 'd' : 'i';
  }

  private Value number(String word, char type) {
    try {
      if (type == 'd') {
        return new Value.Real(Double.parseDouble(word));
      }
      among(type, "ynqiuxth");
      long bits = type == 't' ? unsigned(word) : Long.decode(word);
      if (!fits(bits, type)) {
        throw wrong();
      }
      return new Value.Whole(bits, type);
    } catch (NumberFormatException e) {
      throw wrong();
    }
  }

  private static long unsigned(String word) {
    return word.startsWith("0x")
        ? Long.parseUnsignedLong(word.substring(2), 16)
        : Long.parseUnsignedLong(word);
  }

  private static boolean fits(long bits, char type) {
    return switch (type) {
      case 'y' -> bits >= 0 && bits <= 0xff;
      case 'n' -> bits == (short) bits;
      case 'q' -> bits >= 0 && bits <= 0xffff;
      case 'i', 'h' -> bits == (int) bits;
      case 'u' -> bits >= 0 && bits <= 0xffffffffL;
      default -> true;
    };
  }

  private char among(char type, String types) {
    if (types.indexOf(type) < 0) {
      throw wrong();
    }
    return type;
  }

  private String quoted(char quote) {
    StringBuilder out = new StringBuilder();
    at++;
    while (at < text.length() && text.charAt(at) != quote) {
      char next = text.charAt(at++);
      if (next == '\\' && at < text.length()) {
        char escaped = text.charAt(at++);
        next =
            switch (escaped) {
              case 'n' -> '\n';
              case 't' -> '\t';
              default -> escaped;
            };
      }
      out.append(next);
    }
    if (at == text.length()) {
      throw wrong();
    }
    at++;
    return out.toString();
  }

  private String word() {
    int from = at;
    while (at < text.length() && " \t,]".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    if (from == at) {
      throw wrong();
    }
    return text.substring(from, at);
  }

  private void skipSpaces() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private IllegalArgumentException wrong() {
    return new IllegalArgumentException("it is no value such as 'text', true or uint64 42");
  }
}
