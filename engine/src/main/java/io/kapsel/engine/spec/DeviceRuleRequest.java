package io.kapsel.engine.spec;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kind of device that a container may use where it has a node for it, or may not.
 *
 * @param type {@code b}, {@code c}, or {@code a} for both
 * @param major absent for any
 * @param minor absent for any
 * @param denied whether it may not, whatever was said before
 */
public record DeviceRuleRequest(
    String type, Optional<Long> major, Optional<Long> minor, String access, boolean denied) {
  private static final Pattern RULE =
      Pattern.compile("([abc]) (\\*|\\d{1,9}):(\\*|\\d{1,9}) ([rwm]{1,3})");

  /** Reads the operand of {@code --device-cgroup-rule}, such as {@code c 13:* rwm}. */
  public static DeviceRuleRequest parse(String text) {
    Matcher parts = RULE.matcher(text);
    InvalidRequestException.unless(
        parts.matches(), "invalid device cgroup format '%s': not TYPE MAJOR:MINOR ACCESS", text);
    return new DeviceRuleRequest(
        parts.group(1), number(parts.group(2)), number(parts.group(3)), parts.group(4), false);
  }

  /** The contrary. */
  public DeviceRuleRequest deny() {
    return new DeviceRuleRequest(type, major, minor, access, true);
  }

  /** The types that it means, each by its letter. */
  public List<String> types() {
    return type.equals("a") ? List.of("b", "c") : List.of(type);
  }

  private static Optional<Long> number(String text) {
    return text.equals("*") ? Optional.empty() : Optional.of(Long.valueOf(text));
  }

  @Override
  public String toString() {
    return "%s %s:%s %s".formatted(type, text(major), text(minor), access);
  }

  private static String text(Optional<Long> number) {
    return number.map(Object::toString).orElse("*");
  }
}
