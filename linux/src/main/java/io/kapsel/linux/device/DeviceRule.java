package io.kapsel.linux.device;

import java.util.ArrayList;
import java.util.List;

/**
 * Allows or refuses device nodes. Of several rules the last that matches decides; none: refused.
 *
 * @param type {@code b} block, {@code c} character, {@code a} both
 * @param major the major number, {@link #ANY} for all
 * @param minor the minor number, {@link #ANY} for all
 */
public record DeviceRule(
    boolean allow, char type, int major, int minor, boolean read, boolean write, boolean make) {
  /** Stands for every number. */
  public static final int ANY = -1;

  private static final int[][] ALWAYS = {
    {1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 1}, {5, 2}, {136, ANY}, {10, 200}
  };

  /** A rule from an access such as {@code rwm}. */
  public static DeviceRule of(boolean allow, char type, int major, int minor, String access) {
    return new DeviceRule(
        allow,
        type,
        major,
        minor,
        access.contains("r"),
        access.contains("w"),
        access.contains("m"));
  }

  /**
   * What every container may open (null, zero, full, random, urandom, tty, console, ptmx, its
   * terminals, tun); making any node is harmless, because it could not be opened.
   */
  public static List<DeviceRule> defaults() {
    List<DeviceRule> rules = new ArrayList<>();
    rules.add(of(false, 'a', ANY, ANY, "rwm"));
    rules.add(of(true, 'c', ANY, ANY, "m"));
    rules.add(of(true, 'b', ANY, ANY, "m"));
    for (int[] numbers : ALWAYS) {
      rules.add(of(true, 'c', numbers[0], numbers[1], "rwm"));
    }
    return rules;
  }

  /** The rule as a line of devices.allow or devices.deny (cgroup v1). */
  public String line() {
    return "%c %s:%s %s%s%s"
        .formatted(
            type,
            major == ANY ? "*" : Integer.toString(major),
            minor == ANY ? "*" : Integer.toString(minor),
            read ? "r" : "",
            write ? "w" : "",
            make ? "m" : "");
  }
}
