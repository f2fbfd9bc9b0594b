package io.kapsel.cli.command;

import io.kapsel.base.JsonTree;
import io.kapsel.cli.template.Struct;
import io.kapsel.cli.template.TemplateException;

/** One thing as {@code --format} wants it. */
public final class Formatted {
  private Formatted() {}

  public static String text(String format, Struct thing) {
    if (format.equals("json")) {
      return JsonTree.write(thing) + "\n";
    }
    try {
      return Listing.template(format).execute(thing) + "\n";
    } catch (TemplateException e) {
      throw new CommandException(1, "template parsing error: " + e.getMessage());
    }
  }
}
