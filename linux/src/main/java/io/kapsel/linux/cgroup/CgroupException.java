package io.kapsel.linux.cgroup;

/** A limit that makes no sense, or that this host cannot hold. */
public final class CgroupException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With the words for the user. */
  public CgroupException(String message) {
    super(message);
  }
}
