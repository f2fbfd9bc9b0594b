package io.kapsel.runtime;

import io.kapsel.linux.cgroup.CgroupException;
import io.kapsel.linux.host.Authority;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Process;
import io.kapsel.runtime.plan.LaunchPlan;
import io.kapsel.runtime.plan.Slots;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns a bundle into a plan. Pure but for the question whether a bind mount's source is a
 * directory.
 */
public final class LaunchPlanner {
  private static final int MOST_INPUTS = 120;

  private LaunchPlanner() {}

  /**
   * The plan for a bundle on a host.
   *
   * @throws LaunchException when the host cannot do what the bundle wants
   */
  public static LaunchPlan plan(Bundle bundle, HostFacts facts) {
    Wanted wanted = new Wanted(bundle, facts);
    try {
      check(wanted);
      if (bundle.asWritten().isPresent()) {
        BundleRules.check(wanted);
        UserPlanner.check(wanted);
        if (facts.authority().kind() == Authority.Kind.USER) {
          Wanted inside = UserPlanner.inside(wanted);
          return UserPlanner.around(wanted, written(inside));
        }
        return written(wanted);
      }
      Slots slots = new Slots();
      Rooms rooms = new Rooms();
      Draft sandbox = new Draft("sandbox", slots, SandboxPlanner.inputs(facts));
      Draft container = new Draft("container", slots, MOST_INPUTS);
      new SandboxPlanner(sandbox, wanted, rooms).plan();
      new ContainerPlanner(container, wanted, rooms).plan();
      return new LaunchPlan(sandbox.segment(false), container.segment(true), notices(wanted));
    } catch (CgroupException | IllegalArgumentException e) {
      throw new LaunchException(LaunchException.Kind.REFUSED, e.getMessage());
    }
  }

  private static LaunchPlan written(Wanted wanted) {
    List<String> notices = new ArrayList<>(notices(wanted));
    notices.addAll(BundleRules.warnings(wanted));
    return new BundlePlanner(wanted).plan(notices);
  }

  private static void check(Wanted wanted) {
    if (wanted.bundle().asWritten().isEmpty()) {
      checkUsers(wanted);
    }
    checkProcess(wanted);
  }

  private static void checkUsers(Wanted wanted) {
    HostFacts facts = wanted.facts();
    if (wanted.mapped() && facts.userNamespaces() == 0) {
      throw refuse(
          "this host allows no user namespaces; raise /proc/sys/user/max_user_namespaces, or use"
              + " --userns=host");
    }
    if (wanted.shifted() && !facts.idmappedLayers()) {
      throw refuse("layers cannot be idmapped before Linux 5.19; use --userns=host");
    }
    if (wanted.own(Namespace.Type.USER)
        && wanted
            .linux()
            .namespace(Namespace.Type.PID)
            .filter(each -> each.path().isPresent())
            .isPresent()) {
      throw refuse(
          "a pid namespace of another container cannot be shared from a user namespace of its own;"
              + " use --userns=host, as the other does");
    }
  }

  private static void checkProcess(Wanted wanted) {
    HostFacts facts = wanted.facts();
    wanted
        .bundle()
        .spec()
        .process()
        .ifPresent(process -> {
          if (process.apparmorProfile().filter(name -> !name.isEmpty()).isPresent()
              && !facts.appArmor()) {
            throw refuse("AppArmor is not enabled on this host, but a profile was asked for");
          }
          if (process.selinuxLabel().filter(text -> !text.isEmpty()).isPresent()
              && !facts.seLinux()) {
            throw refuse("SELinux is not enabled on this host, but a label was asked for");
          }
          if (process.args().isEmpty()) {
            throw refuse("no command specified");
          }
        });
  }

  private static LaunchException refuse(String why) {
    return new LaunchException(LaunchException.Kind.REFUSED, why);
  }

  private static List<String> notices(Wanted wanted) {
    List<String> notices = new ArrayList<>();
    boolean limitless =
        wanted.facts().authority().isRoot() // whoever made its namespace limits all the others
            && wanted.bundle().asWritten().isEmpty()
            && !wanted.facts().cgroups().has("pids");
    if (limitless) {
      notices.add("this host has no 'pids' controller: processes are not limited");
    }
    wanted.bundle().spec().process().map(Process::rlimits).orElse(List.of()).stream()
        .filter(limit -> IdentityPlanner.granted(limit, wanted.facts()) != limit.hard())
        .map(limit ->
            limit.type()
                + " is "
                + IdentityPlanner.granted(limit, wanted.facts())
                + ", the engine's own hard limit, which it cannot raise")
        .forEach(notices::add);
    if (!wanted.mapped()) {
      wanted
          .bundle()
          .spec()
          .process()
          .flatMap(Process::capabilities)
          .map(each -> wanted.capabilities(each.bounding()).minus(wanted.facts().bounding()))
          .filter(lacking -> !lacking.isEmpty())
          .ifPresent(lacking ->
              notices.add("the engine itself lacks and cannot give: " + lacking.labels()));
    }
    return notices;
  }
}
