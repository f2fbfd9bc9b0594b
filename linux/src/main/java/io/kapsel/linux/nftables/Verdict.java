package io.kapsel.linux.nftables;

import io.kapsel.linux.netlink.NetlinkMessage;

/** What becomes of a packet; nft(8), "Verdict statements". */
public record Verdict(int code, String chain) {
  /** None is said. */
  public static final Verdict NONE = new Verdict(-1, "");

  /** It is gone. */
  public static final Verdict DROP = new Verdict(0, "");

  /** This chain lets it pass. */
  public static final Verdict ACCEPT = new Verdict(1, "");

  /** Goes on behind the jump. */
  public static final Verdict RETURN = new Verdict(-5, "");

  /** Goes on in another chain, and comes back. */
  public static Verdict jump(String chain) {
    return new Verdict(-3, chain);
  }

  /** Goes on in another chain. */
  public static Verdict goTo(String chain) {
    return new Verdict(-4, chain);
  }

  /** Writes it as an attribute. */
  void write(NetlinkMessage message, int type) {
    message.nested(
        type,
        data ->
            data.nested(
                2,
                verdict -> {
                  verdict.networkValue(1, code);
                  if (!chain.isEmpty()) {
                    verdict.text(2, chain);
                  }
                }));
  }
}
