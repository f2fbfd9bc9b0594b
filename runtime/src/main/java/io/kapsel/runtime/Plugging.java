package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.cgroup.CgroupWrite;
import io.kapsel.linux.device.DeviceFilter;
import io.kapsel.linux.device.DeviceProgram;
import io.kapsel.linux.device.DeviceRule;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Device;
import io.kapsel.oci.Mount;
import io.kapsel.runtime.plan.Segment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/** Mounts and devices of one container while it runs. */
public final class Plugging {
  private final ContainerProcess target;
  private final Bundle bundle;
  private final HostFacts facts;
  private final LiveGroups groups;
  private final BiFunction<ContainerProcess, Segment, List<String>> runner;

  /**
   * For one container.
   *
   * @param bundle what it is to be then
   * @param runner executes a plan beside it, and returns what could not be done
   */
  Plugging(
      ContainerProcess target,
      Bundle bundle,
      HostFacts facts,
      LiveGroups groups,
      BiFunction<ContainerProcess, Segment, List<String>> runner) {
    this.target = target;
    this.bundle = bundle;
    this.facts = facts;
    this.groups = groups;
    this.runner = runner;
  }

  private PlugPlanner planner() {
    return new PlugPlanner(target.pid(), bundle, facts);
  }

  /** Shows a directory or file of the host inside; what the user should know of it. */
  public List<String> mount(Mount mount, boolean directory) {
    return runner.apply(target, planner().mount(mount, directory));
  }

  /** Takes a mount away, at once for newcomers. */
  public void unmount(String place) {
    List<String> _ = runner.apply(target, planner().unmount(place));
  }

  /** Makes a node, once it may be opened. */
  public void device(Device device) {
    allow();
    List<String> _ = runner.apply(target, planner().device(device));
  }

  /** Whether every container has a device there, whatever it was given. */
  public static boolean hasAnyway(String path) {
    return SandboxPlanner.hasAnyway(path);
  }

  /**
   * Removes a node, unless every container has it. What has it open keeps it; nobody opens it
   * again, by whatever node.
   */
  public void withoutDevice(String path) {
    allow();
    if (!hasAnyway(path)) {
      List<String> _ = runner.apply(target, planner().withoutDevice(path));
    }
  }

  /** The rules of the bundle take the place of those that are there. */
  private void allow() {
    if (bundle.privileged()) {
      return;
    }
    List<DeviceRule> rules = new Wanted(bundle, facts).deviceRules();
    Optional<Path> unified = groups.unified();
    try {
      if (unified.isPresent()) {
        replace(unified.get(), rules);
      } else if (groups.v1("devices").isPresent()) {
        groups.limit(rules.stream().map(Plugging::written).toList());
      }
    } catch (SyscallException e) {
      throw new LaunchException(
          LaunchException.Kind.FAILED,
          "cannot change which devices it may open: " + e.getMessage());
    }
  }

  private static void replace(Path group, List<DeviceRule> rules) {
    try (Fd directory = Open.path(group.toString(), OpenFlags.READ | OpenFlags.DIRECTORY);
        Fd program = DeviceProgram.load(DeviceFilter.compile(rules))) {
      DeviceProgram.replace(directory, program);
    }
  }

  private static CgroupWrite written(DeviceRule rule) {
    return new CgroupWrite("devices", rule.allow() ? "devices.allow" : "devices.deny", rule.line());
  }
}
