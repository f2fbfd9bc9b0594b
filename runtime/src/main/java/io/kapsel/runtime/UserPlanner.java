package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.linux.host.Authority;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.IdMapping;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Spec;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.Segment;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Slots;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The plan for a user without rights: his launcher enters the user namespace that the bundle asks
 * for before anything else, is root there, and then makes the container as that root.
 */
final class UserPlanner {
  /** The segment after which the namespace waits for its ids. */
  static final String USERS = "users";

  private static final int FEW = 8;

  private UserPlanner() {}

  /** Refuses what a user cannot have, by its name. */
  static void check(Wanted wanted) {
    Linux linux = wanted.linux();
    Authority who = wanted.facts().authority();
    if (!wanted.setsGroups() && !wanted.process().user().additionalGids().isEmpty()) {
      throw refuse("cannot set any additional groups in a rootless container");
    }
    if (who.kind() != Authority.Kind.USER) {
      return;
    }
    if (linux.namespace(Namespace.Type.USER).isEmpty()) {
      throw refuse("rootless container requires user namespaces");
    }
    if (wanted.own(Namespace.Type.USER)) {
      requireRoot(linux.uidMappings(), "uidMappings");
      requireRoot(linux.gidMappings(), "gidMappings");
    }
  }

  private static void requireRoot(List<IdMapping> mappings, String property) {
    boolean root = mappings.stream().anyMatch(each -> each.containerId() == 0 && each.size() > 0);
    if (!root) {
      throw refuse("rootless containers require 0 to be mapped in 'linux." + property + "'");
    }
  }

  /** The bundle as the root of its user namespace sees it. */
  static Wanted inside(Wanted wanted) {
    Spec spec = wanted.bundle().spec();
    Linux linux = wanted.linux().withoutUsers();
    HostFacts facts = wanted.facts();
    Spec changed =
        new Spec(
            spec.ociVersion(),
            spec.process(),
            spec.root(),
            spec.hostname(),
            spec.domainname(),
            spec.mounts(),
            spec.hooks(),
            spec.annotations(),
            Optional.of(linux));
    boolean groups = wanted.own(Namespace.Type.USER) && wanted.setsGroups();
    return new Wanted(wanted.bundle().with(changed), facts.as(facts.authority().entered(groups)));
  }

  static LaunchPlan around(Wanted wanted, LaunchPlan plan) {
    List<Segment> before = new ArrayList<>(List.of(enter(wanted)));
    before.addAll(plan.before());
    return new LaunchPlan(before, plan.sandbox(), plan.container(), plan.notices());
  }

  private static Segment enter(Wanted wanted) {
    Draft draft = new Draft(USERS, Slots.last(FEW), 0);
    Steps steps = draft.monitor;
    visible(steps, "ids are given to it by the engine, or a program that may");
    if (wanted.joinsUsers()) {
      String path =
          wanted.linux().namespace(Namespace.Type.USER).flatMap(Namespace::path).orElseThrow();
      String why = "shares the user namespace";
      Slot slot = draft.slots.take("user_namespace");
      steps
          .call(
              Syscall.OPENAT,
              Flag.CWD,
              Value.text(path),
              Value.all(Flag.READ, Flag.CLOSE_ON_EXEC),
              Flag.ZERO)
          .into(slot)
          .because(why);
      steps.call(Syscall.SETNS, Value.of(slot), Flag.NEW_USER).because(why);
      steps.call(Syscall.UNSHARE, Flag.NEW_MOUNT).because("mounts that belong to it");
      draft.close(steps, slot);
    } else {
      steps
          .call(Syscall.UNSHARE, Value.all(Flag.NEW_USER, Flag.NEW_MOUNT))
          .because("a user namespace, and mounts that belong to it");
    }
    return draft.segment(false);
  }

  /** What the launcher does first with the ids that it was given. */
  static void becomeRoot(Steps steps, Authority who) {
    String why = "root of its user namespace";
    if (who.setsGroups()) {
      steps.call(Syscall.SETGROUPS, Flag.ZERO, Flag.NULL).because(why);
    }
    steps.call(Syscall.SETRESGID, Flag.ZERO, Flag.ZERO, Flag.ZERO).because(why);
    steps.call(Syscall.SETRESUID, Flag.ZERO, Flag.ZERO, Flag.ZERO).because(why);
    visible(steps, "its files in /proc stay the user's");
  }

  private static void visible(Steps steps, String why) {
    steps
        .call(
            Syscall.PRCTL,
            Value.named("PR_SET_DUMPABLE", 4),
            Value.of(1),
            Flag.ZERO,
            Flag.ZERO,
            Flag.ZERO)
        .because(why);
  }

  private static LaunchException refuse(String why) {
    return new LaunchException(LaunchException.Kind.REFUSED, why);
  }
}
