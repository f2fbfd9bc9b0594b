package io.kapsel.cli.template;

import io.kapsel.cli.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;

/** Cuts a template into text and the words of its actions. */
final class Lexer {
  private static final String OPEN = "{{";
  private static final String CLOSE = "}}";

  private final String text;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  private Lexer(String text) {
    this.text = text;
  }

  static List<Token> tokens(String text) {
    Lexer lexer = new Lexer(text);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    boolean trim = false;
    while (at < text.length()) {
      int open = text.indexOf(OPEN, at);
      int end = open < 0 ? text.length() : open;
      boolean trimEnd = open >= 0 && text.startsWith("{{- ", open);
      String plain = text.substring(at, end);
      plain = trim ? plain.stripLeading() : plain;
      plain = trimEnd ? plain.stripTrailing() : plain;
      if (!plain.isEmpty()) {
        tokens.add(new Token(Kind.TEXT, plain, at));
      }
      at = end;
      trim = open >= 0 && action(trimEnd);
    }
    add(Kind.END, "");
  }

  /** Whether what follows it is trimmed. */
  private boolean action(boolean trimmed) {
    int begin = at;
    at += OPEN.length() + (trimmed ? 2 : 0);
    if (text.startsWith("/*", at)) {
      return comment();
    }
    tokens.add(new Token(Kind.OPEN, OPEN, begin));
    while (true) {
      if (text.startsWith(" -}}", at)) {
        at++;
        add(Kind.CLOSE, "-}}");
        return true;
      }
      if (text.startsWith(CLOSE, at)) {
        add(Kind.CLOSE, CLOSE);
        return false;
      }
      if (at >= text.length()) {
        throw failure("unclosed action");
      }
      word();
    }
  }

  private boolean comment() {
    int end = text.indexOf("*/", at);
    if (end < 0) {
      throw failure("unclosed comment");
    }
    at = end + 2;
    boolean trim = text.startsWith(" -}}", at);
    if (!trim && !text.startsWith(CLOSE, at)) {
      throw failure("comment ends before closing delimiter");
    }
    at += trim ? 4 : 2;
    return trim;
  }

  private void word() {
    char c = text.charAt(at);
    switch (c) {
      case ' ', '\t', '\n', '\r' -> {
        int end = at;
        while (end < text.length()
            && Character.isWhitespace(text.charAt(end))
            && !text.startsWith(" -}}", end)) {
          end++;
        }
        add(Kind.SPACE, text.substring(at, end));
      }
      case '"' -> quoted('"', Kind.STRING);
      case '\'' -> quoted('\'', Kind.CHARACTER);
      case '`' -> raw();
      case '|' -> add(Kind.PIPE, "|");
      case ',' -> add(Kind.COMMA, ",");
      case '(' -> add(Kind.LEFT, "(");
      case ')' -> add(Kind.RIGHT, ")");
      case '=' -> add(Kind.ASSIGN, "=");
      case ':' -> {
        if (!text.startsWith(":=", at)) {
          throw failure("expected :=");
        }
        add(Kind.DECLARE, ":=");
      }
      default -> name(c);
    }
  }

  private void name(char c) {
    boolean digitNext = at + 1 < text.length() && Character.isDigit(text.charAt(at + 1));
    if (Character.isDigit(c) || ((c == '-' || c == '+' || c == '.') && digitNext)) {
      number();
    } else if (c == '.') {
      String rest = letters(at + 1);
      add(rest.isEmpty() ? Kind.DOT : Kind.FIELD, "." + rest);
    } else if (c == '$') {
      add(Kind.VARIABLE, "$" + letters(at + 1));
    } else if (isLetter(c)) {
      add(Kind.WORD, letters(at));
    } else {
      throw failure(
          "unexpected %s in command"
              .formatted(c < ' ' ? "U+%04X".formatted((int) c) : "\"" + c + "\""));
    }
  }

  private void number() {
    int end = at + 1;
    while (end < text.length() && (isLetter(text.charAt(end)) || isInNumber(end))) {
      end++;
    }
    add(Kind.NUMBER, text.substring(at, end));
  }

  private boolean isInNumber(int index) {
    char c = text.charAt(index);
    boolean sign = c == '-' || c == '+';
    return c == '.' || (sign && "eE".indexOf(text.charAt(index - 1)) >= 0);
  }

  private String letters(int from) {
    int end = from;
    while (end < text.length() && isLetter(text.charAt(end))) {
      end++;
    }
    return text.substring(from, end);
  }

  private static boolean isLetter(char c) {
    return c == '_' || Character.isLetterOrDigit(c);
  }

  private void quoted(char mark, Kind kind) {
    int end = at + 1;
    while (end < text.length() && text.charAt(end) != mark) {
      if (text.charAt(end) == '\n') {
        break;
      }
      end += text.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= text.length() || text.charAt(end) != mark) {
      throw failure(
          kind == Kind.STRING ? "unterminated quoted string" : "unterminated character constant");
    }
    tokens.add(new Token(kind, unescape(text.substring(at + 1, end)), at));
    at = end + 1;
  }

  private void raw() {
    int end = text.indexOf('`', at + 1);
    if (end < 0) {
      throw failure("unterminated raw quoted string");
    }
    tokens.add(new Token(Kind.STRING, text.substring(at + 1, end), at));
    at = end + 1;
  }

  private String unescape(String quoted) {
    StringBuilder plain = new StringBuilder();
    int i = 0;
    while (i < quoted.length()) {
      char c = quoted.charAt(i);
      i += c == '\\' ? escape(quoted, i + 1, plain) : 1;
      if (c != '\\') {
        plain.append(c);
      }
    }
    return plain.toString();
  }

  /** Adds what an escape stands for; how long it is. */
  private int escape(String quoted, int at, StringBuilder plain) {
    char c = quoted.charAt(at);
    switch (c) {
      case 'n' -> plain.append('\n');
      case 't' -> plain.append('\t');
      case 'r' -> plain.append('\r');
      case 'a' -> plain.append('\007');
      case 'b' -> plain.append('\b');
      case 'f' -> plain.append('\f');
      case 'v' -> plain.append('\013');
      case '\\', '"', '\'' -> plain.append(c);
      case 'x', 'u', 'U' -> {
        int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        code(quoted.substring(at + 1), digits, plain);
        return 2 + digits;
      }
      default -> throw failure("invalid syntax");
    }
    return 2;
  }

  private void code(String rest, int digits, StringBuilder plain) {
    try {
      plain.appendCodePoint(Integer.parseInt(rest.substring(0, digits), 16));
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw failure("invalid syntax");
    }
  }

  private void add(Kind kind, String word) {
    tokens.add(new Token(kind, word, at));
    at += word.length();
  }

  private TemplateException failure(String reason) {
    return Place.of(text, Math.min(at, text.length())).parseFailure(reason);
  }
}
