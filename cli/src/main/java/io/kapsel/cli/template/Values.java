package io.kapsel.cli.template;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What Go makes of values: which are true, which are equal, what their types are called. */
final class Values {
  /** What a map has for a key that it does not have. */
  enum Absent {
    /** The only one. */
    NONE;

    @Override
    public String toString() {
      return "<no value>";
    }
  }

  private Values() {}

  static boolean truth(@Nullable Object value) {
    return switch (value) {
      case null -> false;
      case Boolean flag -> flag;
      case Long number -> number != 0;
      case Double number -> number != 0;
      case String text -> !text.isEmpty();
      case List<?> list -> !list.isEmpty();
      case Struct _ -> true;
      case Map<?, ?> map -> !map.isEmpty();
      case Absent _ -> false;
      default -> true;
    };
  }

  static String type(@Nullable Object value) {
    return switch (value) {
      case null -> "<nil>";
      case Boolean _ -> "bool";
      case Long _ -> "int";
      case Double _ -> "float64";
      case String _ -> "string";
      case List<?> _ -> "[]interface {}";
      case Map<?, ?> _ -> "map[string]interface {}";
      default -> "interface {}";
    };
  }

  static boolean same(@Nullable Object a, @Nullable Object b) {
    if (a instanceof Number && b instanceof Number && !a.getClass().equals(b.getClass())) {
      throw new IllegalArgumentException("incompatible types for comparison");
    }
    if (a != null && b != null && isBasic(a) && isBasic(b) && !a.getClass().equals(b.getClass())) {
      throw new IllegalArgumentException("incompatible types for comparison");
    }
    return Objects.equals(a, b);
  }

  private static boolean isBasic(@Nullable Object value) {
    return value instanceof String || value instanceof Number || value instanceof Boolean;
  }

  static int order(@Nullable Object a, @Nullable Object b) {
    if (a instanceof Long x && b instanceof Long y) {
      return x.compareTo(y);
    }
    if (a instanceof Double x && b instanceof Double y) {
      return x.compareTo(y);
    }
    if (a instanceof String x && b instanceof String y) {
      return x.compareTo(y);
    }
    throw new IllegalArgumentException(
        isBasic(a) && isBasic(b)
            ? "incompatible types for comparison"
            : "invalid type for comparison");
  }

  static long length(@Nullable Object value) {
    return switch (value) {
      case String text -> text.getBytes(StandardCharsets.UTF_8).length;
      case List<?> list -> list.size();
      case Map<?, ?> map -> map.size();
      case null -> throw new IllegalArgumentException("len of nil pointer");
      default -> throw new IllegalArgumentException("len of type " + type(value));
    };
  }

  static @Nullable Object index(@Nullable Object value, @Nullable Object key) {
    return switch (value) {
      case null -> throw new IllegalArgumentException("index of untyped nil");
      case Map<?, ?> map -> {
        if (!(key instanceof String)) {
          throw new IllegalArgumentException("value has type " + type(key) + "; should be string");
        }
        yield map.containsKey(key) ? map.get(key) : absent(map);
      }
      case List<?> list -> list.get(place(key, list.size()));
      case String text -> {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        yield (long) (bytes[place(key, bytes.length)] & 0xff);
      }
      default -> throw new IllegalArgumentException("can't index item of type " + type(value));
    };
  }

  /** The zero of what the map holds; of a map that holds nothing, that of a map of texts. */
  private static @Nullable Object absent(Map<?, ?> map) {
    return map.isEmpty() || map.values().stream().allMatch(String.class::isInstance) ? "" : null;
  }

  static int place(@Nullable Object key, int size) {
    if (!(key instanceof Long at)) {
      throw new IllegalArgumentException("cannot index slice/array with type " + type(key));
    }
    if (at < 0 || at >= size) {
      throw new IllegalArgumentException("index out of range: " + at);
    }
    return at.intValue();
  }
}
