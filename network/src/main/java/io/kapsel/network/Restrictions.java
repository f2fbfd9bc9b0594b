package io.kapsel.network;

import java.util.List;

/**
 * What a container may not do in its networks that others may.
 *
 * @param egress what it reaches outside, in the words of {@link EgressPolicy}
 */
public record Restrictions(List<String> egress) {
  /** None. */
  public static final Restrictions NONE = new Restrictions(List.of());

  /** Checks the words. */
  public Restrictions {
    egress = List.copyOf(egress);
    EgressPolicy _ = EgressPolicy.parse(egress);
  }

  /** What it reaches outside. */
  public EgressPolicy policy() {
    return EgressPolicy.parse(egress);
  }
}
