package io.kapsel.linux.host;

/**
 * One thing that containers want of the host, for {@code kapsel doctor}.
 *
 * @param meaning what there is, or what goes without it
 * @param mend how to get it, empty when there is nothing to mend
 */
public record HostFinding(String name, State state, String meaning, String mend) {
  /** How much of it there is. */
  public enum State {
    OK,
    LIMITED,
    MISSING
  }

  /** All of it is there. */
  public static HostFinding ok(String name, String meaning) {
    return new HostFinding(name, State.OK, meaning, "");
  }

  /** Some of it is missing, and what for. */
  public static HostFinding limited(String name, String meaning, String mend) {
    return new HostFinding(name, State.LIMITED, meaning, mend);
  }

  static HostFinding missing(String name, String meaning, String mend) {
    return new HostFinding(name, State.MISSING, meaning, mend);
  }
}
