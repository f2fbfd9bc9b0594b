package io.kapsel.base;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Records to JSON and back.
 *
 * <p>A record is an object with its components in order; an empty {@code Optional}, collection or
 * map is left out and an absent one is empty; a case of a sealed interface carries its name as
 * {@code "kind"}. Unknown properties are skipped. A record's own constructor is the validation, and
 * what it throws passes through. Non-public records must be opened to this module.
 */
public final class Json {
  private static final int LONGEST_STRING = 4 << 20;
  private static final int DEEPEST = 100;
  private static final ConcurrentMap<Class<?>, JsonShape> SHAPES = new ConcurrentHashMap<>();
  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(LONGEST_STRING)
                  .maxNestingDepth(DEEPEST)
                  .build())
          .build();

  private Json() {}

  /** Reads one record (or case of a sealed type) from UTF-8 text that holds nothing else. */
  public static <T> T read(byte[] text, Class<T> type) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      parser.nextToken();
      Object value = shape(type).read(parser, "");
      if (parser.nextToken() != null) {
        throw new JsonException("there is more after the end of the object");
      }
      return type.cast(value);
    } catch (JsonProcessingException e) {
      throw new JsonException("is not JSON: " + what(e), e);
    } catch (IOException e) {
      throw new JsonException("is not JSON: " + e.getMessage(), e);
    }
  }

  /** Writes one record on one line. */
  public static byte[] write(Object value) {
    return write(value, false);
  }

  /** Writes one record for people, indented. */
  public static String print(Object value) {
    return new String(write(value, true), StandardCharsets.UTF_8);
  }

  private static byte[] write(Object value, boolean pretty) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(2048);
    try (JsonGenerator generator = FACTORY.createGenerator(out)) {
      if (pretty) {
        generator.useDefaultPrettyPrinter();
      }
      shape(value.getClass()).write(generator, value);
    } catch (IOException e) {
      throw new JsonException("cannot be written as JSON: " + e.getMessage(), e);
    }
    return out.toByteArray();
  }

  static JsonShape shape(Class<?> type) {
    JsonShape known = SHAPES.get(type);
    if (known != null) {
      return known;
    }
    JsonShape made = JsonShape.ofClass(type);
    JsonShape first = SHAPES.putIfAbsent(type, made);
    return first == null ? made : first;
  }

  static JsonException expected(String what, String path, JsonToken found) {
    return new JsonException(
        (path.isEmpty() ? "the text" : "'" + path.substring(1) + "'")
            + " is not "
            + what
            + (found == null ? "; the text ends there" : ""));
  }

  /** What is wrong and where, without what the parser says of its own settings. */
  static String what(JsonProcessingException e) {
    String text = String.valueOf(e.getOriginalMessage());
    int own = text.indexOf(" (start marker at ");
    String plain = own < 0 ? text : text.substring(0, own);
    return e.getLocation() == null
        ? plain
        : "%s (line %d, column %d)"
            .formatted(plain, e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }
}
