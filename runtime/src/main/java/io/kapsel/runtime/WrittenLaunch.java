package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.runtime.plan.LaunchPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The launch of a bundle that is obeyed word for word, with all that happens around its plan. */
final class WrittenLaunch {
  private static final int KILL = 9;

  private final Supplier<Control> launchers;
  private final DevicePrograms programs;
  private final Cgroups cgroups;
  private final HostFacts facts;

  WrittenLaunch(
      Supplier<Control> launchers, DevicePrograms programs, Cgroups cgroups, HostFacts facts) {
    this.launchers = launchers;
    this.programs = programs;
    this.cgroups = cgroups;
    this.facts = facts;
  }

  ContainerProcess start(Bundle bundle, List<Client> clients) {
    CgroupPlace place = bundle.asWritten().orElseThrow().cgroup();
    LaunchPlan plan = LaunchPlanner.plan(bundle, facts);
    cgroups.prepare(place);
    Control control = launchers.get();
    Launch launch =
        new Launch(control, programs)
            .noting(plan.notices())
            .mapping(new UserNamespaces(launchers, programs)::make);
    HookRunner hooks = new HookRunner(bundle);
    try {
      launch.send(plan.sandbox());
      hooks.create(launch.awaitDone());
      clients.forEach(each -> each.attachTo(control));
      launch.send(plan.container());
      ContainerProcess process =
          launch.awaitStarted(Optional.of(bundle.runDirectory().resolve("exit")));
      started(hooks, process);
      return process;
    } catch (LaunchException | SyscallException e) {
      control.close();
      throw undone(place, e);
    } finally {
      launch.forgetErrors();
    }
  }

  /** A hook that fails now ends a program that runs already. */
  private static void started(HookRunner hooks, ContainerProcess process) {
    try {
      hooks.started(process.pid());
    } catch (LaunchException e) {
      process.signal(KILL);
      process.await();
      process.close();
      throw e;
    }
  }

  private static LaunchException undone(CgroupPlace place, RuntimeException failure) {
    LaunchException known =
        failure instanceof LaunchException e
            ? e
            : new LaunchException(LaunchException.Kind.FAILED, failure.getMessage());
    try {
      remove(place);
    } catch (LaunchException e) {
      known.addSuppressed(e);
    }
    return known;
  }

  /** Ends what is left in the groups, and removes them. */
  static void remove(CgroupPlace place) {
    Cgroups.remove(List.copyOf(place.groups().values()));
  }

  /** Makes user namespaces that nobody lives in, for mounts that show other owners. */
  record UserNamespaces(Supplier<Control> launchers, DevicePrograms programs) {
    Fd make(String mappings) {
      String[] halves = mappings.split("/", 2);
      Control control = launchers.get();
      try {
        Launch launch = new Launch(control, programs);
        launch.send(NamespacePlanner.users(halves[0], halves[1]));
        int pid = launch.awaitDone();
        return Open.path(
            Path.of("/proc", Integer.toString(pid), "ns/user").toString(), OpenFlags.READ);
      } finally {
        control.close();
      }
    }
  }
}
