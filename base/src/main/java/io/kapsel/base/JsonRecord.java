package io.kapsel.base;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An object with the components of a record as its properties. */
final class JsonRecord implements JsonShape {
  private record Property(String name, Method accessor, JsonShape shape) {}

  private final Class<?> type;
  private final Constructor<?> constructor;
  private final List<Property> properties;
  private final Map<String, Integer> positions = new HashMap<>();
  private final Map<String, Integer> lowerCase = new HashMap<>();

  private JsonRecord(Class<?> type, Constructor<?> constructor, List<Property> properties) {
    this.type = type;
    this.constructor = constructor;
    this.properties = properties;
    for (int i = 0; i < properties.size(); i++) {
      positions.put(properties.get(i).name(), i);
    }
    if (anyCase(type)) {
      positions.forEach((name, at) -> lowerCase.put(name.toLowerCase(Locale.ROOT), at));
    }
  }

  /** Not asked of the package: one of an AOT cache has lost its annotations. */
  private static boolean anyCase(Class<?> type) {
    Class<?> about = Class.forName(type.getModule(), type.getPackageName() + ".package-info");
    return about != null && about.isAnnotationPresent(JsonAnyCase.class);
  }

  static JsonRecord of(Class<?> type) {
    List<Property> properties =
        Stream.of(type.getRecordComponents()).map(JsonRecord::property).toList();
    Class<?>[] parameters =
        Stream.of(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(parameters);
      constructor.setAccessible(true);
      return new JsonRecord(type, constructor, properties);
    } catch (NoSuchMethodException e) {
      throw new AssertionError("a record without its constructor: " + type, e);
    }
  }

  private static Property property(RecordComponent component) {
    JsonName name = component.getAnnotation(JsonName.class);
    Method accessor = component.getAccessor();
    accessor.setAccessible(true);
    Type type = component.getGenericType();
    return new Property(
        name == null ? component.getName() : name.value(), accessor, JsonShape.of(type));
  }

  @Override
  public Object read(JsonParser parser, String path) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw Json.expected("an object", path, parser.currentToken());
    }
    return readProperties(parser, path);
  }

  /** Reads up to the end of an object whose beginning was read already. */
  Object readProperties(JsonParser parser, String path) throws IOException {
    @Nullable Object[] values = new @Nullable Object[properties.size()];
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      Integer position = position(name);
      if (parser.nextToken() == JsonToken.VALUE_NULL) {
        continue;
      }
      if (position == null) {
        parser.skipChildren();
      } else {
        values[position] = properties.get(position).shape().read(parser, path + "." + name);
      }
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i] == null) {
        values[i] = absent(properties.get(i), path);
      }
    }
    return create(values);
  }

  private @Nullable Integer position(String name) {
    Integer exact = positions.get(name);
    return exact == null && !lowerCase.isEmpty()
        ? lowerCase.get(name.toLowerCase(Locale.ROOT))
        : exact;
  }

  /** One without properties, where that is allowed. */
  @Override
  public @Nullable Object absent() {
    if (lowerCase.isEmpty()) {
      return null;
    }
    @Nullable Object[] values = new @Nullable Object[properties.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = properties.get(i).shape().absent();
      if (values[i] == null) {
        return null;
      }
    }
    return create(values);
  }

  private static Object absent(Property property, String path) {
    Object value = property.shape().absent();
    if (value == null) {
      throw new JsonException("'" + (path + "." + property.name()).substring(1) + "' is missing");
    }
    return value;
  }

  private Object create(@Nullable Object[] values) {
    try {
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException refused) {
        throw refused;
      }
      throw new AssertionError("the constructor of " + type + " failed", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type + " is not open to " + getClass().getModule(), e);
    }
  }

  @Override
  public void write(JsonGenerator generator, Object value) throws IOException {
    generator.writeStartObject();
    writeProperties(generator, value);
    generator.writeEndObject();
  }

  void writeProperties(JsonGenerator generator, Object value) throws IOException {
    for (Property property : properties) {
      Object part = get(property, value);
      if (!property.shape().omits(part)) {
        generator.writeFieldName(property.name());
        property.shape().write(generator, part);
      }
    }
  }

  private Object get(Property property, Object value) {
    try {
      return property.accessor().invoke(value);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type + " is not open to " + getClass().getModule(), e);
    }
  }
}
