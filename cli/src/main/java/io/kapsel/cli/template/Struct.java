package io.kapsel.cli.template;

import java.util.LinkedHashMap;

/**
 * An object whose fields are known, in order: asking for another one is an error, where a plain map
 * has no value. A field that is a {@link Method} takes arguments.
 */
public final class Struct extends LinkedHashMap<String, Object> {
  private static final long serialVersionUID = 1L;

  /** Adds a field. */
  public Struct with(String name, @org.jspecify.annotations.Nullable Object value) {
    put(name, value);
    return this;
  }

  /** Adds all fields of another one. */
  public Struct withAll(Struct other) {
    putAll(other);
    return this;
  }
}
