package io.kapsel.cli.command;

/** Foreign text on its way to a terminal. */
public final class Text {
  private static final int DELETE = 0x7f;
  private static final int LAST_CONTROL = 0x9f;

  private Text() {}

  /** Writes quotes, backslashes and what a terminal would obey as escapes. */
  public static String escape(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    for (int at = 0; at < text.length(); at++) {
      char letter = text.charAt(at);
      switch (letter) {
        case '"', '\\' -> safe.append('\\').append(letter);
        case '\n' -> safe.append("\\n");
        case '\t' -> safe.append("\\t");
        case '\r' -> safe.append("\\r");
        default -> {
          if (letter < ' ' || (letter >= DELETE && letter <= LAST_CONTROL)) {
            safe.append("\\x%02x".formatted((int) letter));
          } else {
            safe.append(letter);
          }
        }
      }
    }
    return safe.toString();
  }
}
