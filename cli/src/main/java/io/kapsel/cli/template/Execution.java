package io.kapsel.cli.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One run of a template over a value. */
final class Execution {
  private static final int LONGEST = 64 << 20;
  private static final int DEEPEST = 100;

  /** How a list of nodes was left. */
  private enum Way {
    ON,
    BREAK,
    CONTINUE
  }

  private final Map<String, List<Node>> parts;
  private final @Nullable Object root;
  private final StringBuilder out = new StringBuilder();
  private Deque<Map<String, Object>> scopes = new ArrayDeque<>();
  private int depth;

  Execution(Map<String, List<Node>> parts, @Nullable Object root) {
    this.parts = parts;
    this.root = root;
  }

  String run() {
    part("", root);
    return out.toString();
  }

  /** The variables of a part are its own; {@code $} is what it was given. */
  private void part(String name, @Nullable Object dot) {
    Deque<Map<String, Object>> outer = scopes;
    scopes = new ArrayDeque<>();
    push();
    declare("$", dot);
    walk(parts.getOrDefault(name, List.of()), dot);
    scopes = outer;
  }

  private Way walk(List<Node> nodes, @Nullable Object dot) {
    for (Node node : nodes) {
      Way way = walk(node, dot);
      if (way != Way.ON) {
        return way;
      }
    }
    return Way.ON;
  }

  private Way walk(Node node, @Nullable Object dot) {
    return switch (node) {
      case Node.Text(String text) -> print(text);
      case Node.Action(Node.Pipe pipe) -> {
        Object value = value(pipe, dot);
        yield pipe.variables().isEmpty() ? print(GoText.of(value)) : Way.ON;
      }
      case Node.If(Node.Pipe pipe, List<Node> body, List<Node> otherwise) ->
          scoped(() -> {
            boolean holds = Values.truth(value(pipe, dot));
            return walk(holds ? body : otherwise, dot);
          });
      case Node.With(Node.Pipe pipe, List<Node> body, List<Node> otherwise) ->
          scoped(() -> {
            Object value = value(pipe, dot);
            return Values.truth(value) ? walk(body, value) : walk(otherwise, dot);
          });
      case Node.Range range -> scoped(() -> range(range, dot));
      case Node.Use use -> use(use, dot);
      case Node.Break() -> Way.BREAK;
      case Node.Continue() -> Way.CONTINUE;
    };
  }

  private Way print(String text) {
    if (out.length() + text.length() > LONGEST) {
      throw new TemplateException("template: the result is longer than 64 MiB");
    }
    out.append(text);
    return Way.ON;
  }

  private Way use(Node.Use use, @Nullable Object dot) {
    if (!parts.containsKey(use.name())) {
      throw use.place()
          .failure(
              "{{template \"" + use.name() + "\"}}", "template \"" + use.name() + "\" not defined");
    }
    if (++depth > DEEPEST) {
      throw use.place().failure(use.name(), "exceeded maximum template depth");
    }
    part(use.name(), use.pipe().map(pipe -> value(pipe, dot)).orElse(null));
    depth--;
    return Way.ON;
  }

  private Way range(Node.Range range, @Nullable Object dot) {
    Node.Pipe pipe = range.pipe();
    Object all = plainValue(pipe, dot);
    Map<Object, Object> items = items(all, pipe);
    if (items.isEmpty()) {
      return walk(range.otherwise(), dot);
    }
    for (Map.Entry<Object, Object> item : items.entrySet()) {
      Way way =
          scoped(() -> {
            bind(pipe, item);
            return walk(range.body(), item.getValue());
          });
      if (way == Way.BREAK) {
        break;
      }
    }
    return Way.ON;
  }

  private void bind(Node.Pipe pipe, Map.Entry<Object, Object> item) {
    List<String> variables = pipe.variables();
    if (variables.size() == 1) {
      set(pipe, variables.getFirst(), item.getValue());
    } else if (variables.size() == 2) {
      set(pipe, variables.getFirst(), item.getKey());
      set(pipe, variables.getLast(), item.getValue());
    }
  }

  private static Map<Object, Object> items(@Nullable Object all, Node.Pipe pipe) {
    Map<Object, Object> items = new java.util.LinkedHashMap<>();
    switch (all) {
      case null -> {}
      case List<?> list -> list.forEach(each -> items.put((long) items.size(), each));
      case Struct _ -> throw notIterable(all, pipe);
      case Map<?, ?> map -> items.putAll(new TreeMap<>(map));
      case Long count -> {
        if (count > 1 << 20) {
          throw notIterable(all, pipe);
        }
        for (long i = 0; i < count; i++) {
          items.put(i, i);
        }
      }
      default -> throw notIterable(all, pipe);
    }
    return items;
  }

  private static TemplateException notIterable(Object all, Node.Pipe pipe) {
    Node.Operand shown = pipe.commands().getLast().words().getFirst();
    return shown.place().failure(shown.source(), "range can't iterate over " + GoText.of(all));
  }

  private Way scoped(java.util.function.Supplier<Way> body) {
    push();
    Way way = body.get();
    scopes.pop();
    return way;
  }

  private void push() {
    scopes.push(new HashMap<>());
  }

  private void declare(String name, @Nullable Object value) {
    scopes.element().put(name, value);
  }

  private void set(Node.Pipe pipe, String name, @Nullable Object value) {
    if (pipe.declares()) {
      declare(name, value);
      return;
    }
    for (Map<String, Object> scope : scopes) {
      if (scope.containsKey(name)) {
        scope.put(name, value);
        return;
      }
    }
    throw undefined(name, pipe.place());
  }

  private static TemplateException undefined(String name, Place place) {
    return place.parseFailure("undefined variable \"" + name + "\"");
  }

  private @Nullable Object value(Node.Pipe pipe, @Nullable Object dot) {
    Object value = plainValue(pipe, dot);
    pipe.variables().forEach(name -> set(pipe, name, value));
    return value;
  }

  private @Nullable Object plainValue(Node.Pipe pipe, @Nullable Object dot) {
    List<Object> last = List.of();
    for (Node.Command command : pipe.commands()) {
      List<Object> one = new ArrayList<>(1);
      one.add(value(command, last, dot));
      last = one;
    }
    return last.getFirst();
  }

  private @Nullable Object value(Node.Command command, List<Object> last, @Nullable Object dot) {
    Node.Operand first = command.words().getFirst();
    List<Node.Operand> rest = command.words().subList(1, command.words().size());
    if (first instanceof Node.Function function) {
      return call(function, rest, last, dot);
    }
    if (first instanceof Node.Field field && found(field, dot) instanceof Method method) {
      return call(field, method, arguments(rest, last, dot));
    }
    if (!rest.isEmpty() || !last.isEmpty()) {
      throw first.place().failure(first.source(), "can't give argument to non-function");
    }
    return value(first, dot);
  }

  private static @Nullable Object call(Node.Field field, Method method, List<Object> arguments) {
    try {
      return method.call(arguments);
    } catch (IllegalArgumentException e) {
      throw field.place().failure(field.source(), String.valueOf(e.getMessage()));
    }
  }

  private @Nullable Object call(
      Node.Function function, List<Node.Operand> rest, List<Object> last, @Nullable Object dot) {
    String name = function.source();
    try {
      if (name.equals("and") || name.equals("or")) {
        return shortCircuit(name.equals("or"), rest, last, dot);
      }
      return Functions.call(name, arguments(rest, last, dot));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      String reason = "error calling " + name + ": " + e.getMessage();
      throw function.place().failure(name, reason);
    }
  }

  /** The first argument that decides, or the last. */
  private @Nullable Object shortCircuit(
      boolean decisive, List<Node.Operand> rest, List<Object> last, @Nullable Object dot) {
    Object value = null;
    for (Node.Operand each : rest) {
      value = value(each, dot);
      if (Values.truth(value) == decisive) {
        return value;
      }
    }
    return last.isEmpty() ? value : last.getFirst();
  }

  private List<Object> arguments(List<Node.Operand> rest, List<Object> last, @Nullable Object dot) {
    List<Object> arguments = new ArrayList<>();
    rest.forEach(each -> arguments.add(value(each, dot)));
    arguments.addAll(last);
    return arguments;
  }

  private @Nullable Object value(Node.Operand operand, @Nullable Object dot) {
    return switch (operand) {
      case Node.Dot _ -> dot;
      case Node.Nil _ -> null;
      case Node.Constant constant -> constant.value();
      case Node.Nested nested -> value(nested.pipe(), dot);
      case Node.Variable variable -> variable(variable);
      case Node.Function function -> call(function, List.of(), List.of(), dot);
      case Node.Field field -> {
        Object found = found(field, dot);
        yield found instanceof Method method ? call(field, method, List.of()) : found;
      }
    };
  }

  private @Nullable Object variable(Node.Variable variable) {
    for (Map<String, Object> scope : scopes) {
      if (scope.containsKey(variable.source())) {
        return scope.get(variable.source());
      }
    }
    throw undefined(variable.source(), variable.place());
  }

  private @Nullable Object found(Node.Field field, @Nullable Object dot) {
    Object of = value(field.of(), dot);
    if (of instanceof Struct struct && !struct.containsKey(field.name())) {
      throw field
          .place()
          .failure(field.source(), "map has no entry for key \"" + field.name() + "\"");
    }
    if (of instanceof Map<?, ?> map) {
      return map.containsKey(field.name()) ? map.get(field.name()) : Values.Absent.NONE;
    }
    if (of == null) {
      throw field
          .place()
          .failure(field.source(), "nil pointer evaluating interface {}." + field.name());
    }
    throw field
        .place()
        .failure(
            field.source(),
            "can't evaluate field %s in type %s".formatted(field.name(), Values.type(of)));
  }
}
