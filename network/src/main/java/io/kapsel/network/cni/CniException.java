package io.kapsel.network.cni;

/** Why plugins have not done something; the network that asked says what and for whom. */
public final class CniException extends RuntimeException {
  /** With the reason. */
  public CniException(String reason) {
    super(reason);
  }

  /** With the reason, and where it comes from. */
  public CniException(String reason, Throwable cause) {
    super(reason, cause);
  }

  /** The reason. */
  public String reason() {
    return String.valueOf(getMessage());
  }
}
