package io.kapsel.engine.spec;

import java.util.Locale;
import java.util.Set;

/** A resource limit of a process: {@code nofile=1024:4096}; -1 means without a limit. */
public record Ulimit(String name, long soft, long hard) {
  private static final Set<String> NAMES =
      Set.of(
          "as",
          "core",
          "cpu",
          "data",
          "fsize",
          "locks",
          "memlock",
          "msgqueue",
          "nice",
          "nofile",
          "nproc",
          "rss",
          "rtprio",
          "rttime",
          "sigpending",
          "stack");

  /** Checks each part. */
  public Ulimit {
    InvalidRequestException.unless(
        NAMES.contains(name),
        "'%s' is not a resource; use one of %s",
        name,
        new java.util.TreeSet<>(NAMES));
    InvalidRequestException.unless(
        soft >= -1 && hard >= -1, "the limits of '%s' are neither -1 nor positive", name);
    InvalidRequestException.unless(
        Long.compareUnsigned(soft, hard) <= 0,
        "the soft limit of '%s' is above the hard one: %s > %s",
        name,
        soft,
        hard);
  }

  /** Reads the operand of {@code --ulimit}: {@code NAME=SOFT[:HARD]}. */
  public static Ulimit parse(String text) {
    int equals = text.indexOf('=');
    InvalidRequestException.unless(equals > 0, "'%s' is not NAME=SOFT[:HARD]", text);
    String[] limits = text.substring(equals + 1).split(":", -1);
    InvalidRequestException.unless(limits.length <= 2, "'%s' is not NAME=SOFT[:HARD]", text);
    long soft = limit(limits[0]);
    return new Ulimit(
        text.substring(0, equals), soft, limits.length == 2 ? limit(limits[1]) : soft);
  }

  private static long limit(String text) {
    return text.equals("unlimited") ? -1 : Texts.number(text, "a limit");
  }

  /** The name of the specification: {@code RLIMIT_NOFILE}. */
  public String rlimit() {
    return "RLIMIT_" + name.toUpperCase(Locale.ROOT);
  }
}
