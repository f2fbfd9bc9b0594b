package io.kapsel.cli.command;

import io.kapsel.base.JsonTree;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.print.Columns;
import io.kapsel.cli.template.Method;
import io.kapsel.cli.template.Struct;
import io.kapsel.cli.template.Template;
import io.kapsel.cli.template.TemplateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Rows of a list as users want them: a table, a template of their own, or JSON.
 *
 * @param usual the columns of the table, a template without its braces for each
 * @param headings by field
 */
public record Listing(List<String> usual, Map<String, String> headings) {
  public static final Flag<String> FORMAT =
      Flag.text(
          "format",
          "string",
          "table (default), table TEMPLATE, json, or TEMPLATE: as in Go, such as '{{.ID}}'");
  private static final String TABLE = "table";

  /** Like {@link #FORMAT} with a one-letter form. */
  public static final Flag<String> FORMAT_F = FORMAT.shorthand('f');

  /** Whether a row needs a field that is dear to find out. */
  public static boolean asks(Optional<String> format, String field) {
    return format.filter(it -> it.contains("." + field)).isPresent();
  }

  /** Prints all rows. */
  public void print(Call call, Optional<String> format, List<Struct> rows) {
    call.client().out(text(format.orElse(TABLE), rows));
  }

  public String text(String format, List<Struct> rows) {
    if (format.equals("json")) {
      StringBuilder text = new StringBuilder();
      rows.forEach(row -> text.append(json(row)).append('\n'));
      return text.toString();
    }
    boolean table = format.equals(TABLE) || format.startsWith(TABLE + " ");
    String words = table ? format.substring(TABLE.length()).strip() : format;
    Template template = template(words.isEmpty() ? usualTemplate() : words);
    List<String> lines = new ArrayList<>();
    if (table) {
      Struct heading = new Struct();
      rows.stream().findFirst().ifPresent(row -> row.keySet().forEach(it -> heading.put(it, it)));
      heading.putAll(headings);
      heading.put("Label", (Method) arguments -> String.valueOf(arguments.getFirst()));
      lines.addAll(executed(template, heading));
    }
    for (Struct row : rows) {
      lines.addAll(executed(template, row));
    }
    return table ? Columns.align(lines) : plain(lines);
  }

  private static String plain(List<String> lines) {
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }

  private String usualTemplate() {
    return "{{" + String.join("}}\t{{", usual) + "}}";
  }

  private static List<String> executed(Template template, Struct row) {
    try {
      return List.of(template.execute(row).split("\n", -1));
    } catch (TemplateException e) {
      throw new CommandException(1, String.valueOf(e.getMessage()));
    }
  }

  /** Reads a template; backslashes stand for tabs and line feeds outside of texts, too. */
  public static Template template(String words) {
    try {
      return Template.parse(words.replace("\\t", "\t").replace("\\n", "\n"));
    } catch (TemplateException e) {
      throw new CommandException(1, "template parsing error: " + e.getMessage());
    }
  }

  private static String json(Struct row) {
    Map<String, Object> fields = new TreeMap<>(row);
    fields.values().removeIf(Method.class::isInstance);
    return JsonTree.write(fields);
  }
}
