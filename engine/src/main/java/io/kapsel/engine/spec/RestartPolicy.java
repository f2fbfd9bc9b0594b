package io.kapsel.engine.spec;

/**
 * When a container is started again after its end, as Docker's {@code --restart} says.
 *
 * @param most how often in a row at most; 0: any number
 */
public record RestartPolicy(Kind kind, int most) {
  /** On which ends. */
  public enum Kind {
    /** Never. */
    NO,
    /** When it failed. */
    ON_FAILURE,
    /** After any end but one that a user asked for; that one counts until the engine starts. */
    ALWAYS,
    /** After any end but one that a user asked for. */
    UNLESS_STOPPED;

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  /** Not at all. */
  public static final RestartPolicy NEVER = new RestartPolicy(Kind.NO, 0);

  /** Checks the number. */
  public RestartPolicy {
    InvalidRequestException.unless(
        most >= 0 && (most == 0 || kind == Kind.ON_FAILURE),
        kind == Kind.ON_FAILURE
            ? "invalid restart policy: maximum retry count cannot be negative"
            : "invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }

  /** Reads {@code no}, {@code always}, {@code unless-stopped} or {@code on-failure[:3]}. */
  public static RestartPolicy parse(String text) {
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    if (name.isEmpty()) {
      return NEVER;
    }
    for (Kind kind : Kind.values()) {
      if (kind.toString().equals(name)) {
        return new RestartPolicy(kind, colon < 0 ? 0 : count(text.substring(colon + 1)));
      }
    }
    throw new InvalidRequestException("invalid restart policy: unknown policy '" + name + "'");
  }

  private static int count(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new InvalidRequestException(
          "invalid restart policy format: maximum retry count must be an integer");
    }
  }

  /** Whether it ever is. */
  public boolean restarts() {
    return kind != Kind.NO;
  }

  @Override
  public String toString() {
    return most == 0 ? kind.toString() : kind + ":" + most;
  }
}
