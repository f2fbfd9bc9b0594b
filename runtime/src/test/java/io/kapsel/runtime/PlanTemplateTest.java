package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Mount;
import io.kapsel.oci.User;
import io.kapsel.runtime.plan.EncodedPlan;
import io.kapsel.runtime.plan.EncodedSegment;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.PlanTemplate;
import io.kapsel.runtime.plan.Stencil;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A plan that was filled in is, byte for byte, the plan that was made. */
class PlanTemplateTest {
  private static final Stencil FROM = stencil("3c", 712_345_600L);
  private static final Stencil PROOF = stencil("a5", 804_100_000L);
  private static final Stencil REAL = stencil("e7", 537_001_984L);

  private static Stencil stencil(String digits, long first) {
    return new Stencil(digits.repeat(32), OptionalLong.of(first), 65_536);
  }

  private static Function<Stencil, LaunchPlan> planner(
      HostFacts facts, UnaryOperator<Bundles> shape) {
    return stencil ->
        LaunchPlanner.plan(
            shape
                .apply(
                    new Bundles(Path.of("/var/lib/kapsel/containers", stencil.id()), stencil.id()))
                .named(stencil.id().substring(0, 12))
                .withIdsFrom(stencil.firstId().getAsLong())
                .running("sh"),
            facts);
  }

  /** A file of the container's own, whose path has its id. */
  private static Mount own(Stencil stencil) {
    return Mount.of("/etc/hosts", "bind", "/var/lib/" + stencil.id() + "/hosts", "rbind");
  }

  static Stream<Function<Stencil, LaunchPlan>> planners() {
    User user = new User(1000, 1000, Optional.empty(), List.of(5L), Optional.empty());
    return Stream.of(Hosts.current(), Hosts.beforeDetachedLayers(), Hosts.hybrid())
        .flatMap(facts ->
            Stream.of(
                planner(facts, each -> each),
                planner(facts, Bundles::withTerminal),
                stencil -> planner(facts, each -> each.with(own(stencil))).apply(stencil),
                planner(facts, each -> each.as(user).withInput()),
                planner(facts, Bundles::withInit)));
  }

  @ParameterizedTest
  @MethodSource("planners")
  void givesTheSamePlanAsPlanning(Function<Stencil, LaunchPlan> planner) {
    EncodedPlan filled = PlanTemplate.of(FROM, PROOF, planner).orElseThrow().fill(REAL);

    EncodedPlan planned = EncodedPlan.of(planner.apply(REAL));
    assertThat(filled.sandbox().bytes()).isEqualTo(planned.sandbox().bytes());
    assertThat(filled.container().bytes()).isEqualTo(planned.container().bytes());
    assertThat(filled.sandbox().sameAs(planned.sandbox())).isTrue();
    assertThat(filled.container().sameAs(planned.container())).isTrue();
  }

  @Test
  void isNotMadeWhereAPlanDependsOnMore() {
    int[] calls = {0};
    Function<Stencil, LaunchPlan> planner =
        stencil -> planner(Hosts.current(), each -> each.withOomScore(calls[0]++)).apply(stencil);

    assertThat(PlanTemplate.of(FROM, PROOF, planner)).isEmpty();
  }

  @Test
  void namesTheRightContainerInItsReasons() {
    PlanTemplate template =
        PlanTemplate.of(FROM, PROOF, planner(Hosts.current(), each -> each)).orElseThrow();

    EncodedSegment filled = template.fill(REAL).container();

    assertThat(filled.told("mount '/x/" + FROM.id() + "/files'"))
        .isEqualTo("mount '/x/" + REAL.id() + "/files'");
  }

  @Test
  void refusesAnotherNumberOfDigits() {
    PlanTemplate template =
        PlanTemplate.of(FROM, PROOF, planner(Hosts.current(), each -> each)).orElseThrow();
    Stencil longer = stencil("e7", 4_000_000_000L);

    assertThatThrownBy(() -> template.fill(longer)).isInstanceOf(IllegalArgumentException.class);
  }
}
