package io.kapsel.runtime;

import io.kapsel.linux.cgroup.CgroupHost;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where the control groups of a container are: one directory in each hierarchy.
 *
 * @param parents by hierarchy ({@value #UNIFIED}, or as in {@link CgroupHost#v1}) the directory of
 *     the host in which the group is made
 * @param leaf the name of the group
 * @param everywhere whether it is made in all hierarchies, not only where something is limited
 */
public record CgroupPlace(Map<String, Path> parents, String leaf, boolean everywhere) {
  /** The name of the version 2 hierarchy. */
  public static final String UNIFIED = "unified";

  /** Copies the map. */
  public CgroupPlace {
    parents = Map.copyOf(parents);
  }

  /** Below our own directory, which the runtime has prepared. */
  static CgroupPlace ours(CgroupHost host, String id) {
    Map<String, Path> parents = new LinkedHashMap<>();
    points(host).forEach((name, point) -> parents.put(name, point.resolve(Cgroups.PARENT)));
    return new CgroupPlace(parents, id, false);
  }

  /**
   * Where {@code linux.cgroupsPath} says (runtime-spec, config-linux.md, "Cgroups Path"): an
   * absolute one is below the mount points, a relative one below the caller's own groups, and
   * without one the group is named after the container. Where all groups are of version 2, a group
   * that has processes cannot pass controllers on (cgroups(7)): there it is made beside the
   * caller's own group, as runc does.
   *
   * @param own the caller's groups by hierarchy, as in /proc/PID/cgroup
   */
  public static CgroupPlace of(
      CgroupHost host, String cgroupsPath, String id, Map<String, String> own) {
    List<String> names = components(cgroupsPath.isEmpty() ? id : cgroupsPath);
    if (names.isEmpty()) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "'linux.cgroupsPath' does not name a group: '" + cgroupsPath + "'");
    }
    boolean absolute = cgroupsPath.startsWith("/");
    String above = String.join("/", names.subList(0, names.size() - 1));
    Map<String, Path> parents = new LinkedHashMap<>();
    try {
      points(host)
          .forEach((name, point) -> {
            String callers = own.getOrDefault(name, "/") + (host.v1().isEmpty() ? "/.." : "");
            Path start = absolute ? point : below(point, callers);
            parents.put(name, above.isEmpty() ? start : start.resolve(above));
          });
    } catch (InvalidPathException e) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED, "'linux.cgroupsPath' is no path: " + e.getReason());
    }
    return new CgroupPlace(parents, names.getLast(), true);
  }

  /**
   * Where systemd makes the group of a scope.
   *
   * @param manager the group of all units of that systemd, empty for the host's own
   */
  public static CgroupPlace of(CgroupHost host, Scope scope, String manager) {
    Path path = Path.of(manager + "/" + scope.path());
    String above = String.valueOf(path.getParent()).substring(1);
    Map<String, Path> parents = new LinkedHashMap<>();
    points(host).forEach((name, point) -> parents.put(name, point.resolve(above)));
    return new CgroupPlace(parents, scope.unit(), true);
  }

  /** What a /proc/PID/cgroup says, by hierarchy; see cgroups(7). */
  public static Map<String, String> own(String procCgroup) {
    Map<String, String> own = new LinkedHashMap<>();
    for (String line : procCgroup.lines().toList()) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3) {
        String names = parts[1].isEmpty() ? UNIFIED : parts[1];
        for (String name : names.split(",", -1)) {
          own.put(name, parts[2]);
        }
      }
    }
    return own;
  }

  private static Map<String, Path> points(CgroupHost host) {
    Map<String, Path> points = new LinkedHashMap<>();
    host.unified().ifPresent(point -> points.put(UNIFIED, point));
    points.putAll(host.v1());
    return points;
  }

  /** Without empty ones and dots; one that leads above the top stays there. */
  private static List<String> components(String path) {
    List<String> names = new ArrayList<>();
    for (String name : path.split("/", -1)) {
      if (name.equals("..")) {
        if (!names.isEmpty()) {
          names.removeLast();
        }
      } else if (!name.isEmpty() && !name.equals(".")) {
        names.add(name);
      }
    }
    return names;
  }

  private static Path below(Path point, String path) {
    String relative = String.join("/", components(path));
    return relative.isEmpty() ? point : point.resolve(relative);
  }

  /** The hierarchies by name. Those that are one, such as cpu and cpuacct, are there once. */
  Set<String> hierarchies() {
    Set<Path> seen = new TreeSet<>();
    Set<String> names = new TreeSet<>();
    for (String name : new TreeSet<>(parents.keySet())) {
      if (seen.add(parent(name))) {
        names.add(name);
      }
    }
    return names;
  }

  /** Its group in one of its hierarchies. */
  public Path group(String hierarchy) {
    return parent(hierarchy).resolve(leaf);
  }

  /** Whether it has a group in that hierarchy. */
  boolean has(String hierarchy) {
    return parents.containsKey(hierarchy);
  }

  /** Only those hierarchies. */
  public CgroupPlace only(java.util.function.Predicate<String> kept) {
    Map<String, Path> some = new LinkedHashMap<>();
    parents.forEach((name, path) -> {
      if (kept.test(name)) {
        some.put(name, path);
      }
    });
    return new CgroupPlace(some, leaf, everywhere);
  }

  Path parent(String hierarchy) {
    return java.util.Objects.requireNonNull(parents.get(hierarchy));
  }

  /** The group in each hierarchy. */
  public Map<String, Path> groups() {
    Map<String, Path> groups = new LinkedHashMap<>();
    hierarchies().forEach(name -> groups.put(name, parent(name).resolve(leaf)));
    return groups;
  }

  /** The group's path below the mount point of its hierarchy, with a slash before it. */
  String pathIn(CgroupHost host, String hierarchy) {
    Path point = java.util.Objects.requireNonNull(points(host).get(hierarchy));
    return "/" + point.relativize(parent(hierarchy).resolve(leaf));
  }
}
