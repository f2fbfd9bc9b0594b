package io.kapsel.engine.log;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;

/**
 * How a line is written for a syslog.
 *
 * @param name empty, {@code rfc3164}, {@code rfc5424} or {@code rfc5424micro}
 * @param facility its number
 */
public record SyslogFormat(String name, int facility, String host, String tag, long pid) {
  private static final int ERROR = 3;
  private static final int INFO = 6;
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("MMM ppd HH:mm:ss", Locale.ROOT);
  private static final DateTimeFormatter MICRO =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSXXX", Locale.ROOT);
  private static final List<String> NAMES = List.of("", "rfc3164", "rfc5424", "rfc5424micro");
  private static final List<String> FACILITIES =
      List.of(
          "kern",
          "user",
          "mail",
          "daemon",
          "auth",
          "syslog",
          "lpr",
          "news",
          "uucp",
          "cron",
          "authpriv",
          "ftp",
          "",
          "",
          "",
          "",
          "local0",
          "local1",
          "local2",
          "local3",
          "local4",
          "local5",
          "local6",
          "local7");

  /** Whether there is such a format. */
  public static boolean isKnown(String name) {
    return NAMES.contains(name);
  }

  /** The number of a facility, by its name or as it stands; -1: there is none. */
  public static int facility(String text) {
    int named = text.isEmpty() ? -1 : FACILITIES.indexOf(text);
    return named >= 0 || !text.matches("[0-9]{1,2}") || Integer.parseInt(text) >= FACILITIES.size()
        ? named
        : Integer.parseInt(text);
  }

  /** The line, without an end. */
  public byte[] of(LogLine line) {
    ZonedDateTime time = line.time().atZone(ZoneId.systemDefault());
    int priority = facility * 8 + (line.error() ? ERROR : INFO);
    String before =
        switch (name) {
          case "rfc3164" ->
              "<%d>%s %s %s[%d]: ".formatted(priority, STAMP.format(time), host, tag, pid);
          case "rfc5424" ->
              "<%d>1 %s %s %s %d %s - "
                  .formatted(
                      priority,
                      DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                          time.truncatedTo(ChronoUnit.SECONDS)),
                      host,
                      tag,
                      pid,
                      tag);
          case "rfc5424micro" ->
              "<%d>1 %s %s %s %d %s - "
                  .formatted(priority, MICRO.format(time), host, tag, pid, tag);
          default -> "<%d>%s %s[%d]: ".formatted(priority, STAMP.format(time), tag, pid);
        };
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(before.getBytes(StandardCharsets.UTF_8));
    all.writeBytes(line.bytes());
    return all.toByteArray();
  }
}
