package io.kapsel.runtime;

import java.util.ArrayList;
import java.util.List;

/**
 * The unit of systemd that a container's control group belongs to, as {@code linux.cgroupsPath}
 * names it for that: {@code slice:prefix:name}.
 *
 * @param slice the slice that it is in
 * @param unit its whole name, a scope's unless the name ends in {@code .slice}
 */
public record Scope(String slice, String unit) {
  private static final String SLICE = ".slice";
  private static final String USUAL_PREFIX = "runc";
  private static final int PARTS = 3;

  /**
   * Reads {@code linux.cgroupsPath}.
   *
   * @param usualSlice where a unit is that names none
   */
  public static Scope of(String cgroupsPath, String id, String usualSlice) {
    String[] parts =
        cgroupsPath.isEmpty() ? new String[] {"", USUAL_PREFIX, id} : cgroupsPath.split(":", -1);
    if (parts.length != PARTS) {
      throw refuse(
          "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \""
              + cgroupsPath
              + "\" instead");
    }
    String slice = parts[0].isEmpty() ? usualSlice : parts[0];
    check(slice);
    String name = parts[2];
    if (!name.endsWith(SLICE)) {
      name = (parts[1].isEmpty() ? "" : parts[1] + "-") + name + ".scope";
    }
    if (!name.matches("[A-Za-z0-9:_.\\\\@-]{1,255}") || name.startsWith(".")) {
      throw refuse("'linux.cgroupsPath' names no unit of systemd: '" + name + "'");
    }
    return new Scope(slice, name);
  }

  private static void check(String slice) {
    String name = slice.endsWith(SLICE) ? slice.substring(0, slice.length() - SLICE.length()) : "/";
    boolean root = name.equals("-");
    boolean odd =
        name.contains("/") || name.startsWith("-") || name.endsWith("-") || name.contains("--");
    if (!root && odd) {
      throw refuse("invalid slice name: " + slice);
    }
  }

  /** Whether it is a slice itself, and begins without processes. */
  public boolean isSlice() {
    return unit.endsWith(SLICE);
  }

  /**
   * Its place below the control group of the manager: a slice is within those that it is named
   * after.
   */
  public String path() {
    return String.join("/", above()) + (above().isEmpty() ? "" : "/") + unit;
  }

  /** The slices around it, the outermost first. */
  List<String> above() {
    List<String> all = new ArrayList<>();
    String name = slice.substring(0, slice.length() - SLICE.length());
    if (name.equals("-")) {
      return all;
    }
    for (int dash = name.indexOf('-'); dash >= 0; dash = name.indexOf('-', dash + 1)) {
      all.add(name.substring(0, dash) + SLICE);
    }
    all.add(slice);
    return all;
  }

  private static LaunchException refuse(String why) {
    return new LaunchException(LaunchException.Kind.REFUSED, why);
  }
}
