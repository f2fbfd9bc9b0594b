package io.kapsel.cli.template;

/**
 * A word of a template.
 *
 * @param at where it begins in the whole text
 */
record Token(Kind kind, String text, int at) {
  enum Kind {
    TEXT,
    OPEN,
    CLOSE,
    SPACE,
    FIELD,
    VARIABLE,
    WORD,
    STRING,
    CHARACTER,
    NUMBER,
    DOT,
    PIPE,
    COMMA,
    LEFT,
    RIGHT,
    DECLARE,
    ASSIGN,
    END
  }

  boolean is(Kind wanted) {
    return kind == wanted;
  }
}
