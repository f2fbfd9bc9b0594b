package io.kapsel.engine.spec;

import io.kapsel.base.ByteSize;
import io.kapsel.engine.log.Syslog;
import io.kapsel.engine.log.SyslogFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Where a container's output is kept.
 *
 * @param driver {@code local}, {@code json-file}, {@code journald}, {@code syslog} or {@code none}
 * @param options as Docker calls them
 */
public record LogRequest(String driver, Map<String, String> options) {
  /** Records in files of a bounded size. */
  public static final String LOCAL = "local";

  /** Docker's lines of JSON. */
  public static final String JSON_FILE = "json-file";

  /** The journal of systemd, besides records. */
  public static final String JOURNALD = "journald";

  /** A syslog, besides records. */
  public static final String SYSLOG = "syslog";

  /** Nothing is kept. */
  public static final String NONE = "none";

  /** Stands for the driver that the engine has for those who name none. */
  public static final String UNNAMED = "";

  /** What a container gets that asks for nothing: 5 files of 20 MiB at most. */
  public static final LogRequest DEFAULT = new LogRequest(LOCAL, Map.of());

  private static final Set<String> OF_FILES = Set.of("max-size", "max-file", "compress");
  private static final Set<String> OF_MODE = Set.of("mode", "max-buffer-size");
  private static final Set<String> OF_SYSLOG =
      Set.of(
          "syslog-address",
          "syslog-facility",
          "syslog-format",
          "syslog-tls-ca-cert",
          "syslog-tls-cert",
          "syslog-tls-key",
          "syslog-tls-skip-verify");
  private static final Set<String> OF_LINES =
      Set.of("labels", "labels-regex", "env", "env-regex", "tag");
  private static final String NON_BLOCKING = "non-blocking";
  private static final int MOST_FILES = 1000;
  private static final int USUAL_FILES = 5;
  private static final long USUAL_SIZE = 20L << 20;
  private static final long LEAST_SIZE = 1024;
  private static final long USUAL_BUFFER = 1 << 20;

  /** Checks each part. */
  public LogRequest {
    options = Map.copyOf(options);
    switch (driver) {
      case UNNAMED -> {} // they are checked when it is known
      case LOCAL -> check(options, driver, OF_FILES, Set.of());
      case JSON_FILE -> check(options, driver, OF_FILES, OF_LINES);
      case JOURNALD -> check(options, driver, OF_LINES, OF_MODE);
      case SYSLOG -> {
        check(options, driver, OF_LINES, OF_SYSLOG);
        checkSyslog(options);
      }
      case NONE ->
          InvalidRequestException.unless(
              options.isEmpty(), "invalid logging opts for driver %s", driver);
      default ->
          throw new InvalidRequestException(
              "logger: no log driver named '" + driver + "' is registered");
    }
    checkValues(options, driver);
    Optional<Pattern> _ = pattern(options, "labels-regex");
    Optional<Pattern> _ = pattern(options, "env-regex");
  }

  /** With what an engine has for those who do not say it. */
  public LogRequest or(LogRequest usual) {
    if (!driver.equals(UNNAMED) && !driver.equals(usual.driver)) {
      return this;
    }
    Map<String, String> all = new TreeMap<>(usual.options);
    all.putAll(options);
    return new LogRequest(usual.driver, all);
  }

  private static void check(
      Map<String, String> options, String driver, Set<String> first, Set<String> second) {
    for (String key : options.keySet()) {
      InvalidRequestException.unless(
          first.contains(key) || second.contains(key) || OF_MODE.contains(key),
          driver.equals(LOCAL)
              ? "unknown log opt '%s' for log driver %s"
              : "unknown log opt '%s' for %s log driver",
          key,
          driver);
    }
  }

  private static void checkSyslog(Map<String, String> options) {
    InvalidRequestException.unless(
        SyslogFormat.isKnown(options.getOrDefault("syslog-format", "")), "Invalid syslog format");
    InvalidRequestException.unless(
        SyslogFormat.facility(options.getOrDefault("syslog-facility", "daemon")) >= 0,
        "invalid syslog facility");
    try {
      Syslog.Address _ = address(options);
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(String.valueOf(e.getMessage()));
    }
  }

  private static Syslog.Address address(Map<String, String> options) {
    return options.containsKey("syslog-address")
        ? Syslog.Address.parse(options.getOrDefault("syslog-address", ""))
        : Syslog.Address.LOCAL;
  }

  /** Where the syslog listens. */
  public Syslog.Address syslogAddress() {
    return address(options);
  }

  /**
   * Bytes of lines that may wait to be sent; those that come then are dropped. Empty: all wait for
   * as long as the log has them.
   */
  public Optional<Long> sendBuffer() {
    return options.getOrDefault("mode", "").equals(NON_BLOCKING)
        ? Optional.of(bytes(options, "max-buffer-size", USUAL_BUFFER))
        : Optional.empty();
  }

  /** Whether it is sent somewhere besides being kept. */
  public boolean isForwarded() {
    return driver.equals(JOURNALD) || driver.equals(SYSLOG);
  }

  private static void checkValues(Map<String, String> options, String driver) {
    long size = size(options);
    int count = files(options);
    InvalidRequestException.unless(
        size == 0 || size >= LEAST_SIZE, "max-size cannot be less than 1k, not '%s'", size);
    InvalidRequestException.unless(count >= 1, "max-file cannot be less than 1");
    InvalidRequestException.unless(
        count <= MOST_FILES, "max-file cannot be more than %s", MOST_FILES);
    String mode = options.getOrDefault("mode", "blocking");
    InvalidRequestException.unless(
        Set.of("blocking", NON_BLOCKING).contains(mode),
        "logger: logging mode not supported: %s",
        mode);
    InvalidRequestException.unless(
        driver.equals(UNNAMED)
            || !options.containsKey("max-buffer-size")
            || mode.equals(NON_BLOCKING),
        "logger: max-buffer-size option is only supported with 'mode=non-blocking'");
    bytes(options, "max-buffer-size", USUAL_BUFFER);
    checkPacking(options, driver);
  }

  private static void checkPacking(Map<String, String> options, String driver) {
    if (!truth(options, "compress", false)) {
      return;
    }
    InvalidRequestException.unless(
        !driver.equals(LOCAL) || files(options) > 1 || !options.containsKey("max-file"),
        "compression cannot be enabled when max file count is 1");
    InvalidRequestException.unless(
        !driver.equals(JSON_FILE) || (files(options) > 1 && size(options) > 0),
        "compress cannot be true when max-file is less than 2 or max-size is not set");
  }

  /** Whether files are packed once they are rotated. */
  public boolean isPacked() {
    boolean usual = !driver.equals(JSON_FILE) && !driver.equals(NONE);
    return fileBytes() > 0 && fileCount() > 1 && truth(options, "compress", usual);
  }

  private static boolean truth(Map<String, String> options, String option, boolean usual) {
    String text = options.getOrDefault(option, "");
    return switch (text) {
      case "1", "t", "T", "true", "TRUE", "True" -> true;
      case "0", "f", "F", "false", "FALSE", "False" -> false;
      default -> {
        InvalidRequestException.unless(
            !options.containsKey(option),
            "error reading compress log option: strconv.ParseBool: parsing \"%s\": invalid syntax",
            text);
        yield usual;
      }
    };
  }

  private static long size(Map<String, String> options) {
    return options.getOrDefault("max-size", "").equals("-1") ? 0 : bytes(options, "max-size", 0);
  }

  private static long bytes(Map<String, String> options, String option, long usual) {
    if (!options.containsKey(option)) {
      return usual;
    }
    String text = options.getOrDefault(option, "");
    try {
      return ByteSize.parse(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException("invalid size: '" + text + "'");
    }
  }

  private static int files(Map<String, String> options) {
    String text = options.getOrDefault("max-file", "1");
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new InvalidRequestException("max-file is not a number: '" + text + "'");
    }
  }

  /** How large a file may become; 0: as large as it likes. */
  public long fileBytes() {
    boolean asked = options.containsKey("max-size");
    return asked || driver.equals(JSON_FILE) ? size(options) : USUAL_SIZE;
  }

  /** How many files there may be. */
  public int fileCount() {
    return options.containsKey("max-file") || driver.equals(JSON_FILE)
        ? files(options)
        : USUAL_FILES;
  }

  /** What each line says besides: of labels and variables, those that were asked for. */
  public Map<String, String> details(
      Map<String, String> labels, List<String> environment, Optional<String> tag) {
    Map<String, String> all = new TreeMap<>();
    Map<String, String> variables = new TreeMap<>();
    for (String each : environment) {
      int equals = each.indexOf('=');
      variables.put(each.substring(0, equals), each.substring(equals + 1));
    }
    select(labels, "labels", all);
    select(variables, "env", all);
    tag.filter(_ -> options.containsKey("tag")).ifPresent(it -> all.put("tag", it));
    return all;
  }

  private void select(Map<String, String> from, String option, Map<String, String> into) {
    Set<String> names = Set.of(distinct(options.getOrDefault(option, "")));
    Optional<Pattern> pattern = pattern(options, option + "-regex");
    from.forEach((key, value) -> {
      if (names.contains(key) || pattern.filter(it -> it.matcher(key).find()).isPresent()) {
        into.put(key, value);
      }
    });
  }

  private static Optional<Pattern> pattern(Map<String, String> options, String option) {
    try {
      return Optional.of(options.getOrDefault(option, ""))
          .filter(it -> !it.isEmpty())
          .map(Pattern::compile);
    } catch (PatternSyntaxException e) {
      throw new InvalidRequestException(
          "invalid %s: '%s'".formatted(option, options.getOrDefault(option, "")));
    }
  }

  private static String[] distinct(String list) {
    return java.util.Arrays.stream(list.split(",", -1))
        .map(String::strip)
        .distinct()
        .toArray(String[]::new);
  }
}
