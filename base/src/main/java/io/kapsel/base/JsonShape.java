package io.kapsel.base;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How values of one Java type look in JSON. */
interface JsonShape {
  /** Reads the value at whose first token the parser stands, and leaves it at the last one. */
  Object read(JsonParser parser, String path) throws IOException;

  /** Writes a value. */
  void write(JsonGenerator generator, Object value) throws IOException;

  /** What an absent property means; null: it must be there. */
  default @Nullable Object absent() {
    return null;
  }

  /** Whether a property with this value is left out. */
  default boolean omits(Object value) {
    return false;
  }

  static JsonShape of(Type type) {
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      Class<?> raw = (Class<?>) generic.getRawType();
      if (raw == Optional.class) {
        return new Maybe(of(arguments[0]));
      }
      if (raw == List.class) {
        return new Array(of(arguments[0]));
      }
      if (raw == Map.class && arguments[0] == String.class) {
        return new Table(of(arguments[1]));
      }
    } else if (type instanceof Class<?> plain) {
      return plain.isRecord() || plain.isSealed() ? new Later(plain) : Json.shape(plain);
    }
    throw new AssertionError("no JSON shape for " + type);
  }

  static JsonShape ofClass(Class<?> type) {
    if (type.isRecord()) {
      return JsonRecord.of(type);
    }
    if (type.isSealed()) {
      return new JsonCases(type);
    }
    if (type.isEnum()) {
      return new Constants(type);
    }
    return JsonScalar.of(type);
  }

  /**
   * A record or sealed type inside another, looked up when it is needed: types may nest themselves.
   */
  record Later(Class<?> type) implements JsonShape {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      return Json.shape(type).read(parser, path);
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      Json.shape(type).write(generator, value);
    }

    @Override
    public @Nullable Object absent() {
      return Json.shape(type).absent();
    }
  }

  /** An {@code Optional}. */
  record Maybe(JsonShape inner) implements JsonShape {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      return Optional.of(inner.read(parser, path));
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      inner.write(generator, ((Optional<?>) value).orElseThrow());
    }

    @Override
    public Object absent() {
      return Optional.empty();
    }

    @Override
    public boolean omits(Object value) {
      return ((Optional<?>) value).isEmpty();
    }
  }

  /** A {@code List}. */
  record Array(JsonShape element) implements JsonShape {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        throw Json.expected("a list", path, parser.currentToken());
      }
      List<Object> values = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        values.add(element.read(parser, path + "[" + values.size() + "]"));
      }
      return List.copyOf(values);
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      generator.writeStartArray();
      for (Object each : (List<?>) value) {
        element.write(generator, each);
      }
      generator.writeEndArray();
    }

    @Override
    public Object absent() {
      return List.of();
    }

    @Override
    public boolean omits(Object value) {
      return ((List<?>) value).isEmpty();
    }
  }

  /** A {@code Map} from strings; the order stays. */
  record Table(JsonShape element) implements JsonShape {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        throw Json.expected("an object", path, parser.currentToken());
      }
      Map<String, Object> values = new LinkedHashMap<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        values.put(name, element.read(parser, path + "." + name));
      }
      return values;
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      generator.writeStartObject();
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
        generator.writeFieldName((String) entry.getKey());
        element.write(generator, entry.getValue());
      }
      generator.writeEndObject();
    }

    @Override
    public Object absent() {
      return Map.of();
    }

    @Override
    public boolean omits(Object value) {
      return ((Map<?, ?>) value).isEmpty();
    }
  }

  /** The constants of an enum by what their {@code toString} says. */
  record Constants(Class<?> type) implements JsonShape {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      String text = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : "";
      for (Object constant : type.getEnumConstants()) {
        if (constant.toString().equals(text)) {
          return constant;
        }
      }
      throw Json.expected(
          "one of " + List.of(type.getEnumConstants()), path, parser.currentToken());
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      generator.writeString(value.toString());
    }
  }

  /** A value that is a JSON string with a form of its own. */
  record Text(String what, Function<String, Object> parse) implements JsonShape {
    @Override
    public Object read(JsonParser parser, String path) throws IOException {
      if (parser.currentToken() != JsonToken.VALUE_STRING) {
        throw Json.expected(what, path, parser.currentToken());
      }
      try {
        return parse.apply(parser.getText());
      } catch (java.time.DateTimeException | java.nio.file.InvalidPathException e) {
        throw new JsonException("'" + path.substring(1) + "' is not " + what, e);
      }
    }

    @Override
    public void write(JsonGenerator generator, Object value) throws IOException {
      generator.writeString(value.toString());
    }

    static @Nullable JsonShape of(Class<?> type) {
      if (type == String.class) {
        return new Text("a string", text -> text);
      }
      if (type == Path.class) {
        return new Text("a path", Path::of);
      }
      if (type == Instant.class) {
        return new Text("a time", Instant::parse);
      }
      return type == Duration.class ? new Text("a duration", Duration::parse) : null;
    }
  }
}
