package io.kapsel.linux.nftables;

/** Which packets a table sees; nft(8), "Address families". */
public enum Family {
  /** IPv4 and IPv6. */
  INET(1),
  /** IPv4. */
  IPV4(2),
  /** IPv6. */
  IPV6(10),
  /** Frames on their way through a bridge. */
  BRIDGE(7);

  private final int number;

  Family(int number) {
    this.number = number;
  }

  /** NFPROTO_*. */
  public int number() {
    return number;
  }
}
