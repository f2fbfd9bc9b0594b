package io.kapsel.runtime.plan;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A plan that serves for every container that differs only by its {@link Stencil}: planning costs
 * about a millisecond, filling in some microseconds.
 */
public final class PlanTemplate {
  private final Stencil from;
  private final SegmentTemplate sandbox;
  private final SegmentTemplate container;
  private final List<String> notices;

  private PlanTemplate(Stencil from, LaunchPlan plan) {
    this.from = from;
    this.sandbox = new SegmentTemplate(from, plan.sandbox());
    this.container = new SegmentTemplate(from, plan.container());
    this.notices = plan.notices();
  }

  /**
   * Makes one from a plan, and trusts it only when it also reproduces another plan that was made
   * the long way.
   *
   * @param from stands for no real container; its texts must appear nowhere else
   * @param proof another one with as many digits
   */
  public static Optional<PlanTemplate> of(
      Stencil from, Stencil proof, Function<Stencil, LaunchPlan> planner) {
    PlanTemplate template = new PlanTemplate(from, planner.apply(from));
    EncodedPlan known = EncodedPlan.of(planner.apply(proof));
    EncodedPlan filled = template.fill(proof);
    boolean same =
        filled.sandbox().sameAs(known.sandbox())
            && filled.container().sameAs(known.container())
            && filled.notices().equals(known.notices());
    return same ? Optional.of(template) : Optional.empty();
  }

  /** The plan for one container. */
  public EncodedPlan fill(Stencil to) {
    if (to.digits() != from.digits()) {
      throw new IllegalArgumentException("the first ids have different numbers of digits");
    }
    return new EncodedPlan(sandbox.fill(to), container.fill(to), notices);
  }
}
