package io.kapsel.cli.template;

import java.nio.charset.StandardCharsets;

/** A place in a template, for messages: the line from 1, the byte in it from 0. */
record Place(int line, int column) {
  static Place of(String text, int at) {
    int start = text.lastIndexOf('\n', at - 1) + 1;
    int line = 1 + (int) text.substring(0, start).chars().filter(c -> c == '\n').count();
    return new Place(line, text.substring(start, at).getBytes(StandardCharsets.UTF_8).length);
  }

  TemplateException parseFailure(String reason) {
    return new TemplateException("template: :" + line + ": " + reason);
  }

  TemplateException failure(String node, String reason) {
    String shown = node.length() > 20 ? node.substring(0, 20) + "..." : node;
    return new TemplateException(
        "template: :%s:%s: executing \"\" at <%s>: %s".formatted(line, column, shown, reason));
  }
}
