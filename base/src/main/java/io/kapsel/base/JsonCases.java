package io.kapsel.base;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A sealed interface of records: an object whose first property, {@code kind}, names the case. */
final class JsonCases implements JsonShape {
  private final Map<String, Class<?>> cases = new LinkedHashMap<>();

  JsonCases(Class<?> type) {
    for (Class<?> each : type.getPermittedSubclasses()) {
      cases.put(name(each), each);
    }
  }

  @Override
  public Object read(JsonParser parser, String path) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT
        || parser.nextToken() != JsonToken.FIELD_NAME
        || !parser.currentName().equals("kind")
        || parser.nextToken() != JsonToken.VALUE_STRING) {
      throw Json.expected("an object that begins with its kind", path, parser.currentToken());
    }
    Class<?> type = cases.get(parser.getText());
    if (type == null) {
      throw Json.expected("of a kind among " + cases.keySet(), path, parser.currentToken());
    }
    return ((JsonRecord) Json.shape(type)).readProperties(parser, path);
  }

  @Override
  public void write(JsonGenerator generator, Object value) throws IOException {
    generator.writeStartObject();
    generator.writeStringField("kind", name(value.getClass()));
    ((JsonRecord) Json.shape(value.getClass())).writeProperties(generator, value);
    generator.writeEndObject();
  }

  private static String name(Class<?> type) {
    JsonName name = type.getAnnotation(JsonName.class);
    return name == null ? type.getSimpleName().toLowerCase(Locale.ROOT) : name.value();
  }
}
