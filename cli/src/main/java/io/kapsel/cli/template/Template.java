package io.kapsel.cli.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A template in the language of Go's text/template, with the functions that Docker adds.
 *
 * <p>Values are strings, longs, doubles, booleans, null, lists, maps from strings, and {@link
 * Struct}s. Immutable.
 */
public final class Template {
  private final Map<String, List<Node>> parts;

  private Template(Map<String, List<Node>> parts) {
    this.parts = parts;
  }

  /**
   * Reads a template.
   *
   * @throws TemplateException when it is none
   */
  public static Template parse(String text) {
    return new Template(Parser.parse(text));
  }

  /**
   * What it makes of a value.
   *
   * @throws TemplateException when it asks for what is not there
   */
  public String execute(@Nullable Object data) {
    return new Execution(parts, data).run();
  }
}
