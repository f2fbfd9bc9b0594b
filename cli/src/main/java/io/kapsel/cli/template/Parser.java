package io.kapsel.cli.template;

import io.kapsel.cli.template.Token.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Words to nodes. */
final class Parser {
  private static final int DEEPEST = 100;
  private static final Set<String> ENDS = Set.of("end", "else");

  private final String text;
  private final List<Token> tokens;
  private final Map<String, List<Node>> defined = new HashMap<>();
  private int at;
  private int depth;
  private int loops;

  private Parser(String text) {
    this.text = text;
    this.tokens = Lexer.tokens(text);
  }

  /** What a text says: its own nodes under the empty name, and those that it defines. */
  static Map<String, List<Node>> parse(String text) {
    Parser parser = new Parser(text);
    List<Node> main = parser.nodes();
    if (!parser.peek().is(Kind.END)) {
      parser.next();
      throw parser.failure("unexpected {{" + parser.next().text() + "}}");
    }
    parser.defined.put("", main);
    return parser.defined;
  }

  /** Until the end, or an action that ends something; that one is not taken. */
  private List<Node> nodes() {
    if (++depth > DEEPEST) {
      throw failure("nested too deeply");
    }
    List<Node> nodes = new ArrayList<>();
    while (!peek().is(Kind.END) && !atEndOfBlock()) {
      Token token = next();
      if (token.is(Kind.TEXT)) {
        nodes.add(new Node.Text(token.text()));
      } else {
        action().ifPresent(nodes::add);
      }
    }
    depth--;
    return nodes;
  }

  private boolean atEndOfBlock() {
    if (!peek().is(Kind.OPEN)) {
      return false;
    }
    int word = at + 1;
    while (tokens.get(word).is(Kind.SPACE)) {
      word++;
    }
    return tokens.get(word).is(Kind.WORD) && ENDS.contains(tokens.get(word).text());
  }

  private Optional<Node> action() {
    skipSpace();
    Token first = peek();
    if (!first.is(Kind.WORD)) {
      return Optional.of(printed());
    }
    return switch (first.text()) {
      case "if", "with", "range" -> {
        next();
        yield Optional.of(block(first.text()));
      }
      case "define" -> {
        next();
        define(name());
        yield Optional.empty();
      }
      case "block" -> {
        next();
        yield Optional.of(named(place(first)));
      }
      case "template" -> {
        next();
        yield Optional.of(use(place(first)));
      }
      case "break", "continue" -> {
        next();
        yield Optional.of(jump(first.text()));
      }
      default -> Optional.of(printed());
    };
  }

  /** Defines something and uses it at once. */
  private Node named(Place place) {
    String name = name();
    Node.Pipe pipe = pipe(Kind.CLOSE);
    body(name);
    return new Node.Use(name, Optional.of(pipe), place);
  }

  private Node printed() {
    return new Node.Action(pipe(Kind.CLOSE));
  }

  private Node jump(String word) {
    if (loops == 0) {
      throw failure("{{" + word + "}} outside {{range}}");
    }
    skipSpace();
    expect(Kind.CLOSE, word);
    return word.equals("break") ? new Node.Break() : new Node.Continue();
  }

  private Node use(Place place) {
    String name = name();
    skipSpace();
    if (peek().is(Kind.CLOSE)) {
      next();
      return new Node.Use(name, Optional.empty(), place);
    }
    return new Node.Use(name, Optional.of(pipe(Kind.CLOSE)), place);
  }

  private void define(String name) {
    skipSpace();
    expect(Kind.CLOSE, "define clause");
    body(name);
  }

  private void body(String name) {
    defined.put(name, nodes());
    if (!keyword().equals("end")) {
      throw failure("unexpected {{else}} in define clause");
    }
    skipSpace();
    expect(Kind.CLOSE, "end");
  }

  private String name() {
    skipSpace();
    return expect(Kind.STRING, "template clause").text();
  }

  private Node block(String word) {
    Node.Pipe pipe = pipe(Kind.CLOSE);
    loops += word.equals("range") ? 1 : 0;
    List<Node> body = nodes();
    loops -= word.equals("range") ? 1 : 0;
    List<Node> otherwise = keyword().equals("else") ? otherwise(word) : closed();
    return switch (word) {
      case "if" -> new Node.If(pipe, body, otherwise);
      case "with" -> new Node.With(pipe, body, otherwise);
      default -> new Node.Range(pipe, body, otherwise);
    };
  }

  private List<Node> closed() {
    skipSpace();
    expect(Kind.CLOSE, "end");
    return List.of();
  }

  /** What follows {@code else}: a block of its own, or the next condition. */
  private List<Node> otherwise(String word) {
    skipSpace();
    if (peek().is(Kind.WORD) && peek().text().equals(word) && !word.equals("range")) {
      next();
      return List.of(block(word));
    }
    expect(Kind.CLOSE, "else");
    List<Node> nodes = nodes();
    if (!keyword().equals("end")) {
      throw failure("expected end; found {{else}}");
    }
    skipSpace();
    expect(Kind.CLOSE, "end");
    return nodes;
  }

  private String keyword() {
    if (peek().is(Kind.END)) {
      throw failure("unexpected EOF");
    }
    next();
    skipSpace();
    return next().text();
  }

  private Node.Pipe pipe(Kind end) {
    if (++depth > DEEPEST) {
      throw failure("nested too deeply");
    }
    skipSpace();
    Place place = place(peek());
    List<String> variables = new ArrayList<>();
    boolean declares = variables(variables);
    List<Node.Command> commands = new ArrayList<>();
    do {
      commands.add(command(end));
    } while (take(Kind.PIPE));
    expect(end, "command");
    depth--;
    return new Node.Pipe(variables, declares, commands, place);
  }

  /** {@code $x :=}, {@code $x, $y :=} or {@code $x =}; otherwise nothing is taken. */
  private boolean variables(List<String> variables) {
    int begin = at;
    while (peek().is(Kind.VARIABLE)) {
      variables.add(next().text());
      skipSpace();
      if (peek().is(Kind.DECLARE) || peek().is(Kind.ASSIGN)) {
        return next().is(Kind.DECLARE);
      }
      if (!take(Kind.COMMA)) {
        break;
      }
      skipSpace();
    }
    at = begin;
    variables.clear();
    return false;
  }

  private Node.Command command(Kind end) {
    skipSpace();
    Place place = place(peek());
    List<Node.Operand> words = new ArrayList<>();
    while (!peek().is(end) && !peek().is(Kind.PIPE)) {
      words.add(operand());
      if (!peek().is(Kind.SPACE) && !peek().is(end) && !peek().is(Kind.PIPE)) {
        throw unexpected(next(), "operand");
      }
      skipSpace();
    }
    if (words.isEmpty()) {
      throw failure(
          peek().is(Kind.PIPE) || end == Kind.CLOSE
              ? "missing value for command"
              : "missing value for parenthesized pipeline");
    }
    return new Node.Command(words, place);
  }

  private Node.Operand operand() {
    Token token = next();
    Place place = place(token);
    Node.Operand operand =
        switch (token.kind()) {
          case FIELD -> new Node.Field(new Node.Dot(place), token.text().substring(1), place);
          case DOT -> new Node.Dot(place);
          case VARIABLE -> new Node.Variable(token.text(), place);
          case WORD -> word(token, place);
          case STRING -> new Node.Constant(token.text(), "\"" + token.text() + "\"", place);
          case CHARACTER -> new Node.Constant(character(token), token.text(), place);
          case NUMBER -> new Node.Constant(number(token), token.text(), place);
          case LEFT -> new Node.Nested(pipe(Kind.RIGHT), place);
          default -> throw unexpected(token, "operand");
        };
    while (peek().is(Kind.FIELD)) {
      Token field = next();
      operand = new Node.Field(operand, field.text().substring(1), place);
    }
    return operand;
  }

  private Node.Operand word(Token token, Place place) {
    return switch (token.text()) {
      case "true", "false" -> new Node.Constant(Boolean.valueOf(token.text()), token.text(), place);
      case "nil" -> new Node.Nil(place);
      default -> {
        if (!Functions.exists(token.text())) {
          throw failure("function \"" + token.text() + "\" not defined");
        }
        yield new Node.Function(token.text(), place);
      }
    };
  }

  private long character(Token token) {
    String text = token.text();
    if (text.codePointCount(0, text.length()) != 1) {
      throw failure("malformed character constant: '" + text + "'");
    }
    return text.codePointAt(0);
  }

  private Object number(Token token) {
    try {
      String digits = token.text().replace("_", "");
      return digits.matches("[+-]?(0[xX][0-9a-fA-F]+|[0-9]+)")
          ? (Object) Long.decode(digits.startsWith("+") ? digits.substring(1) : digits)
          : (Object) Double.valueOf(digits);
    } catch (NumberFormatException e) {
      throw failure("bad number syntax: \"" + token.text() + "\"");
    }
  }

  private Token peek() {
    return tokens.get(at);
  }

  private Token next() {
    return tokens.get(at < tokens.size() - 1 ? at++ : at);
  }

  private boolean take(Kind kind) {
    boolean there = peek().is(kind);
    at += there ? 1 : 0;
    return there;
  }

  private void skipSpace() {
    while (peek().is(Kind.SPACE)) {
      at++;
    }
  }

  private Token expect(Kind kind, String context) {
    Token token = next();
    if (!token.is(kind)) {
      throw unexpected(token, context);
    }
    return token;
  }

  private Place place(Token token) {
    return Place.of(text, token.at());
  }

  private TemplateException unexpected(Token token, String context) {
    String what = token.is(Kind.END) ? "EOF" : "\"" + token.text() + "\"";
    return failure("unexpected " + what + " in " + context);
  }

  private TemplateException failure(String reason) {
    return Place.of(text, Math.min(peek().at(), text.length())).parseFailure(reason);
  }
}
