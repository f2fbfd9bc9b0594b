package io.kapsel.base;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON of any shape: maps, lists, texts, longs, doubles, booleans and null, written as Go's
 * encoding/json does without escaping HTML, which scripts compare.
 */
public final class JsonTree {
  private static final String INDENT = "    ";
  private static final JsonFactory FACTORY = new JsonFactory();

  private JsonTree() {}

  /** Reads any JSON; the order of objects stays. */
  public static @Nullable Object read(byte[] text) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      parser.nextToken();
      return value(parser);
    } catch (JsonProcessingException e) {
      throw new JsonException("is not JSON: " + Json.what(e), e);
    } catch (IOException e) {
      throw new JsonException("is not JSON: " + e.getMessage(), e);
    }
  }

  private static @Nullable Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case null, default -> throw new JsonException("is not JSON: it ends too early");
    };
  }

  private static Map<String, Object> object(JsonParser parser) throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      all.put(name, value(parser));
    }
    return all;
  }

  private static List<Object> array(JsonParser parser) throws IOException {
    List<Object> all = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      all.add(value(parser));
    }
    return all;
  }

  /** What is {@code null} in JSON, whatever it is for others. */
  public interface Null {}

  /** On one line. */
  public static String write(@Nullable Object value) {
    StringBuilder text = new StringBuilder();
    append(text, value, "", "", "");
    return text.toString();
  }

  /** For people, four spaces deeper with each level. */
  public static String print(@Nullable Object value) {
    StringBuilder text = new StringBuilder();
    append(text, value, "\n", INDENT, " ");
    return text.toString();
  }

  private static void append(
      StringBuilder text, @Nullable Object value, String line, String deeper, String space) {
    switch (value) {
      case null -> text.append("null");
      case Null _ -> text.append("null");
      case String string -> quote(text, string);
      case Duration time -> text.append(time.toNanos()); // and none where there is none, as in Go
      case Map<?, ?> map -> {
        text.append('{');
        String inner = line.isEmpty() ? "" : line + deeper;
        Iterator<? extends Map.Entry<?, ?>> all =
            map.entrySet().stream().filter(it -> !Duration.ZERO.equals(it.getValue())).iterator();
        while (all.hasNext()) {
          Map.Entry<?, ?> each = all.next();
          text.append(inner);
          quote(text, String.valueOf(each.getKey()));
          text.append(':').append(space);
          append(text, each.getValue(), inner, deeper, space);
          text.append(all.hasNext() ? "," : line);
        }
        text.append('}');
      }
      case List<?> list -> {
        text.append('[');
        String inner = line.isEmpty() ? "" : line + deeper;
        for (int i = 0; i < list.size(); i++) {
          text.append(inner);
          append(text, list.get(i), inner, deeper, space);
          text.append(i < list.size() - 1 ? "," : line);
        }
        text.append(']');
      }
      default -> text.append(value);
    }
  }

  private static void quote(StringBuilder text, String string) {
    text.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"', '\\' -> text.append('\\').append(c);
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        case '\b' -> text.append("\\b");
        case '\f' -> text.append("\\f");
        case '\u2028', '\u2029' -> text.append("\\u%04x".formatted((int) c));
        default -> text.append(c < ' ' ? "\\u%04x".formatted((int) c) : String.valueOf(c));
      }
    }
    text.append('"');
  }
}
