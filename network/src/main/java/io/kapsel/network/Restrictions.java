package io.kapsel.network;

import java.util.List;
import java.util.Optional;

/**
 * What a container may not do in its networks that others may.
 *
 * @param egress what it reaches outside, in the words of {@link EgressPolicy}
 * @param rate how fast
 */
public record Restrictions(List<String> egress, Optional<NetworkRate> rate) {
  /** None. */
  public static final Restrictions NONE = new Restrictions(List.of(), Optional.empty());

  /** Checks the words. */
  public Restrictions {
    egress = List.copyOf(egress);
    EgressPolicy _ = EgressPolicy.parse(egress);
  }

  /** Whether a container's names in these networks are resolved by the engine, at 127.0.0.11. */
  public boolean resolvedIn(List<Attachment> attachments) {
    return policy().restricts()
        || attachments.stream().anyMatch(each -> !each.network().equals(Network.DEFAULT));
  }

  /** What it reaches outside. */
  public EgressPolicy policy() {
    return egress.isEmpty() ? EgressPolicy.NONE : EgressPolicy.parse(egress);
  }

  /** Bits a second that may come in. */
  Optional<Long> in() {
    return rate.flatMap(NetworkRate::in);
  }

  /** Bits a second that may go out. */
  Optional<Long> out() {
    return rate.flatMap(NetworkRate::out);
  }
}
