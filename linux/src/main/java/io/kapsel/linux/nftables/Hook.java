package io.kapsel.linux.nftables;

/**
 * Where a chain is called by the kernel; nft(8), "Chains".
 *
 * @param type filter, nat or route
 * @param priority chains of a lower one come first
 */
public record Hook(String type, Point point, int priority) {
  /** The raw tables of others come at this priority, before connections are tracked. */
  public static final int RAW = -300;

  /** Where destinations are translated. */
  public static final int DNAT = -100;

  /** Where packets are filtered. */
  public static final int FILTER = 0;

  /** Where sources are translated. */
  public static final int SNAT = 100;

  /** A place on a packet's way, with the kernel's number. */
  public enum Point {
    /** Whatever comes in. */
    PREROUTING,
    /** What is for this host. */
    INPUT,
    /** What is passed on. */
    FORWARD,
    /** What this host sends. */
    OUTPUT,
    /** Whatever goes out. */
    POSTROUTING
  }
}
