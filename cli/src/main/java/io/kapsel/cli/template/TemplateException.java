package io.kapsel.cli.template;

/** A template that cannot be read, or that does not fit what it is given; in Go's words. */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TemplateException(String message) {
    super(message);
  }
}
