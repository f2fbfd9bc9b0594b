package io.kapsel.oci;

/** Conditions that several records put to their parts. */
final class Check {
  private static final long LARGEST_ID = 0xffff_fffeL;

  private Check() {}

  static void that(boolean condition, String path, Object value, String why) {
    if (!condition) {
      throw new InvalidSpecException(path, value, why);
    }
  }

  static void absolute(String path, String value) {
    that(value.startsWith("/"), path, value, "is not an absolute path");
    noNul(path, value);
  }

  static void noNul(String path, String value) {
    that(value.indexOf('\0') < 0, path, value.replace("\0", "\\0"), "contains a NUL");
  }

  static void noNul(String path, Iterable<String> values) {
    for (String value : values) {
      noNul(path, value);
    }
  }

  static void id(String path, long value) {
    that(value >= 0 && value <= LARGEST_ID, path, value, "is not an id");
  }
}
