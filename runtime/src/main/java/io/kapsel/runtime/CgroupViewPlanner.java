package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A mount of type {@code cgroup}: the version 2 tree where the host has only that, else a directory
 * with one mount for each hierarchy, as on the host. Without a cgroup namespace of its own the
 * container sees only its own group in each.
 */
final class CgroupViewPlanner {
  private static final String STAGE = "/stage/layer";

  private final Draft draft;
  private final Wanted wanted;
  private final Slot root;
  private final CgroupHost host;
  private final Map<String, Slot> views;

  private CgroupViewPlanner(Draft draft, Wanted wanted, Slot root, Map<String, Slot> views) {
    this.draft = draft;
    this.wanted = wanted;
    this.root = root;
    this.host = wanted.facts().cgroups();
    this.views = views;
  }

  /**
   * What a user namespace may not mount, because the host's cgroup namespace is not its own, is
   * made by the monitor: by hierarchy.
   */
  static Map<String, Slot> prepare(Draft draft, Wanted wanted, Mount mount, MountOptions options) {
    Map<String, Slot> views = new TreeMap<>();
    if (wanted.inUserNamespace() && shared(wanted)) {
      draft.monitor.call(Syscall.UNSHARE, Flag.NEW_MOUNT).because("a place to attach them to");
      CgroupViewPlanner planner = new CgroupViewPlanner(draft, wanted, Draft.NONE, Map.of());
      for (String name : planner.hierarchies()) {
        views.put(name, planner.view(draft.monitor, name, options.change(), reason(mount)));
      }
    }
    return views;
  }

  private static boolean shared(Wanted wanted) {
    return wanted.linux().namespace(Namespace.Type.CGROUP).isEmpty();
  }

  private List<String> hierarchies() {
    return host.mode() == CgroupHost.Mode.V2
        ? List.of(CgroupPlace.UNIFIED)
        : names().values().stream().map(List::getFirst).toList();
  }

  private static String reason(Mount mount) {
    return "control groups at '" + mount.destination() + "'";
  }

  /** {@code views}: what was prepared for this mount. */
  static void plan(
      Draft draft,
      Wanted wanted,
      Slot root,
      Mount mount,
      MountOptions options,
      Map<String, Slot> views) {
    CgroupViewPlanner planner = new CgroupViewPlanner(draft, wanted, root, views);
    if (planner.host.mode() == CgroupHost.Mode.NONE) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "cannot mount cgroup at '%s': this host has no control groups"
              .formatted(mount.destination()));
    }
    if (planner.host.mode() == CgroupHost.Mode.V2) {
      planner.hierarchy(CgroupPlace.UNIFIED, mount.destination(), options.change(), reason(mount));
      return;
    }
    planner.directory(mount, options, reason(mount));
  }

  private void directory(Mount mount, MountOptions options, String why) {
    Steps init = draft.init;
    MountChange change = options.change();
    Slot tree =
        draft.filesystem(
            init,
            "tmpfs",
            "cgroups",
            change.without(Flag.READ_ONLY).set(),
            why,
            "source=tmpfs",
            "mode=755");
    Slot target =
        draft.inRoot(init, root, mount.destination(), Flag.OWN_DIRECTORY, 0755, "target", why);
    draft.attach(init, tree, target, why);
    draft.close(init, target);
    names()
        .forEach((directory, controllers) -> {
          init.call(Syscall.MKDIRAT, Value.of(tree), Value.text(directory), Value.mode(0755))
              .because(why);
          hierarchy(controllers.getFirst(), mount.destination() + "/" + directory, change, why);
          for (String controller : controllers) {
            if (!controller.equals(directory)
                && !controller.startsWith("name=")
                && !controller.equals(CgroupPlace.UNIFIED)) {
              init.call(
                      Syscall.SYMLINKAT,
                      Value.text(directory),
                      Value.of(tree),
                      Value.text(controller))
                  .tolerating(Errno.EEXIST)
                  .because(why);
            }
          }
        });
    if (change.sets(Flag.READ_ONLY)) {
      draft.attributesOf(init, tree, Flag.READ_ONLY, why);
    }
    draft.close(init, tree);
  }

  /** The directories below the mount, named as on the host, and what is in each. */
  private Map<String, List<String>> names() {
    Map<String, List<String>> names = new TreeMap<>();
    for (Map.Entry<String, Path> each : new TreeMap<>(host.v1()).entrySet()) {
      names
          .computeIfAbsent(each.getValue().getFileName().toString(), _ -> new ArrayList<>())
          .add(each.getKey());
    }
    host.unified()
        .ifPresent(
            point -> names.put(point.getFileName().toString(), List.of(CgroupPlace.UNIFIED)));
    return names;
  }

  private void hierarchy(String name, String destination, MountChange change, String why) {
    Steps init = draft.init;
    Slot view = views.get(name);
    if (view == null) {
      view = view(init, name, change, why);
    }
    Slot target = draft.inRoot(init, root, destination, Flag.OWN_DIRECTORY, 0755, "target", why);
    draft.attach(init, view, target, why);
    draft.close(init, target);
    draft.close(init, view);
  }

  /** Of the whole hierarchy, as its namespace shows it, or cut down to its own group. */
  private Slot view(Steps steps, String name, MountChange change, String why) {
    List<String> options = new ArrayList<>();
    String type = "cgroup";
    if (name.equals(CgroupPlace.UNIFIED)) {
      type = "cgroup2";
      options.add("source=cgroup2");
    } else {
      options.add("source=cgroup");
      if (name.startsWith("name=")) {
        options.add("none");
        options.add(name);
      } else {
        options.addAll(together(name));
      }
    }
    Slot whole =
        draft.filesystem(
            steps,
            type,
            draft.slots.sharedBy("hierarchy"),
            change.set(),
            why,
            options.toArray(String[]::new));
    if (!shared(wanted)) {
      return whole;
    }
    String path = wanted.cgroupPlace().pathIn(host, name);
    String only = "only its own group is seen";
    draft.attach(steps, whole, Flag.CWD, STAGE, only);
    Slot part = steps == draft.init ? draft.slots.sharedBy("part") : draft.slots.take("view");
    steps
        .call(Syscall.OPEN_TREE, Value.of(whole), Value.text(path.substring(1)), Flag.COPY)
        .into(part)
        .because(only);
    steps.call(Syscall.UMOUNT2, Value.text(STAGE), Value.named("MNT_DETACH", 2)).because(only);
    draft.close(steps, whole);
    return part;
  }

  /** Controllers that the host has mounted together can only be mounted together. */
  private List<String> together(String name) {
    Path point = host.v1().get(name);
    return new TreeMap<>(host.v1())
        .entrySet().stream()
            .filter(each -> each.getValue().equals(point))
            .map(Map.Entry::getKey)
            .toList();
  }
}
