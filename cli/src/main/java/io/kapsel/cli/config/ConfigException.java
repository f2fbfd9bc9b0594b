package io.kapsel.cli.config;

/** What was set makes no sense; the message names the file and the line, or the variable. */
public final class ConfigException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  ConfigException(String message) {
    super(message);
  }
}
