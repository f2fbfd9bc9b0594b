package io.kapsel.runtime;

import io.kapsel.base.JsonException;
import io.kapsel.linux.cgroup.CgroupException;
import io.kapsel.linux.host.Authority;
import io.kapsel.linux.seccomp.SeccompException;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Step;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Fuzz target: a config.json becomes a plan that the launcher would take, or is refused. It fails
 * by any exception that does not refuse.
 */
public final class PlanFuzz {
  private static final int LARGEST_SEGMENT = 1 << 20;
  private static final Authority WHO = Hosts.hybrid().authority();

  private PlanFuzz() {}

  /** Whatever the text is. */
  public static void fuzzerTestOneInput(byte[] text) {
    try {
      Spec spec = Spec.parse(text);
      Guest guest = new Guest(0, true, Optional.of(Path.of("/x/start.sock")), Optional.empty());
      Bundle bundle =
          Bundle.written(
              "x",
              spec,
              new AsWritten(Path.of("/nowhere"), place(spec), true, Optional.empty()),
              Stdio.of(guest, spec.process().map(it -> it.terminal()).orElse(false), 24, 80),
              Path.of("/nowhere/state"),
              0);
      check(LaunchPlanner.plan(bundle, Hosts.hybrid()), spec);
    } catch (JsonException
        | InvalidSpecException
        | LaunchException
        | SeccompException
        | CgroupException e) {
      hold(!String.valueOf(e.getMessage()).isBlank(), "refused without a reason");
    }
  }

  private static CgroupPlace place(Spec spec) {
    String path = spec.linux().flatMap(it -> it.cgroupsPath()).orElse("");
    return CgroupPlace.of(Hosts.hybrid().cgroups(), path, "x", Map.of());
  }

  private static void check(LaunchPlan plan, Spec spec) {
    List<Segment> segments =
        GuestSegments.of(
            plan.segments(),
            true,
            Optional.of(GuestSegments.base(Optional.of("/proc/1/ns/mnt"), WHO)),
            WHO);
    for (Segment segment : segments) {
      hold(segment.encode().length <= LARGEST_SEGMENT, "a segment is too large");
    }
    List<Step> init = plan.container().init();
    hold(init.getLast().op() == Step.Op.EXEC, "the program is not the end");
    hold(
        spec.linux().flatMap(it -> it.seccomp()).isEmpty()
            || init.stream().anyMatch(it -> it.shown().startsWith("seccomp(")),
        "the filter is missing");
    hold(init.stream().anyMatch(it -> it.shown().startsWith("pivot_root(")), "no root is entered");
  }

  private static void hold(boolean rule, String what) {
    if (!rule) {
      throw new IllegalStateException(what);
    }
  }
}
