package io.kapsel.linux.host;

/**
 * What one look at the host has found.
 *
 * @param name what was looked at, such as {@code overlay}
 * @param state how good it is
 * @param meaning what that means for containers
 * @param mend what the administrator can do about it; empty when nothing has to be done
 */
public record HostCheck(String name, State state, String meaning, String mend) {
  /** How good it is. */
  public enum State {
    /** As it should be. */
    OK,
    /** Containers run, with less than they could have. */
    LIMITED,
    /** Containers cannot run, or not by default. */
    MISSING
  }

  static HostCheck ok(String name, String meaning) {
    return new HostCheck(name, State.OK, meaning, "");
  }

  static HostCheck limited(String name, String meaning, String mend) {
    return new HostCheck(name, State.LIMITED, meaning, mend);
  }

  static HostCheck missing(String name, String meaning, String mend) {
    return new HostCheck(name, State.MISSING, meaning, mend);
  }
}
