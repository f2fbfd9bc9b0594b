package io.kapsel.image.registry;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One challenge of a header {@code WWW-Authenticate}; see RFC 9110, section 11.6.1.
 *
 * @param scheme in lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final int LONGEST = 16 << 10;

  Optional<String> get(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /** All challenges in all headers; what is not understood is left out. */
  static List<Challenge> parse(List<String> headers) {
    List<Challenge> all = new ArrayList<>();
    for (String header : headers) {
      if (header.length() <= LONGEST) {
        new Parser(header).into(all);
      }
    }
    return all;
  }

  private static final class Parser {
    private final String text;
    private int at;

    Parser(String text) {
      this.text = text;
    }

    void into(List<Challenge> all) {
      Map<String, String> parameters = new LinkedHashMap<>();
      while (at < text.length()) {
        skip(" \t,");
        String word = token();
        if (word.isEmpty()) {
          return;
        }
        skip(" \t");
        if (at < text.length() && text.charAt(at) == '=' && !all.isEmpty()) {
          at++;
          skip(" \t");
          parameters.putIfAbsent(word.toLowerCase(Locale.ROOT), value());
        } else {
          parameters = new LinkedHashMap<>();
          all.add(new Challenge(word.toLowerCase(Locale.ROOT), parameters));
        }
      }
    }

    private void skip(String what) {
      while (at < text.length() && what.indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    private String token() {
      int start = at;
      while (at < text.length() && " \t,=\"".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      return text.substring(start, at);
    }

    private String value() {
      if (at >= text.length() || text.charAt(at) != '"') {
        return token();
      }
      StringBuilder value = new StringBuilder();
      for (at++; at < text.length() && text.charAt(at) != '"'; at++) {
        if (text.charAt(at) == '\\' && at + 1 < text.length()) {
          at++;
        }
        value.append(text.charAt(at));
      }
      at++;
      return value.toString();
    }
  }
}
