package io.kapsel.runtime.plan;

import java.util.List;

/** A plan, ready to be sent. */
public record EncodedPlan(EncodedSegment sandbox, EncodedSegment container, List<String> notices) {
  /** A plan as it was made. */
  public static EncodedPlan of(LaunchPlan plan) {
    return new EncodedPlan(
        EncodedSegment.of(plan.sandbox()), EncodedSegment.of(plan.container()), plan.notices());
  }
}
