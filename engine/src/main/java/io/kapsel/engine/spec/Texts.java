package io.kapsel.engine.spec;

import io.kapsel.base.ByteSize;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Pieces of notation that several requests share. */
final class Texts {
  private Texts() {}

  static Path path(String text, Path workingDirectory) {
    try {
      return workingDirectory.resolve(text).normalize();
    } catch (InvalidPathException e) {
      throw new InvalidRequestException("'%s' is not a path: %s".formatted(text, e.getReason()));
    }
  }

  /** A place in a container: absolute, without dots. */
  static String target(String text) {
    InvalidRequestException.unless(
        text.startsWith("/"), "'%s' is not an absolute path in the container", text);
    InvalidRequestException.unless(text.indexOf('\0') < 0, "a path contains a NUL");
    String clean = Path.of(text).normalize().toString();
    InvalidRequestException.unless(
        !clean.equals("/"), "'%s' is the container's root, which cannot be mounted over", text);
    return clean;
  }

  static long size(String text) {
    try {
      return ByteSize.parse(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(String.valueOf(e.getMessage()));
    }
  }

  static long number(String text, String what) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new InvalidRequestException("'%s' is not %s".formatted(text, what));
    }
  }
}
