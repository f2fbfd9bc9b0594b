package io.kapsel.linux.cgroup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where the host keeps its control groups.
 *
 * @param unified the mount point of the version 2 hierarchy, if there is one
 * @param unifiedControllers the controllers of that hierarchy
 * @param v1 the mount point of each version 1 controller, and of each hierarchy that has none, by
 *     its option such as {@code name=systemd}
 */
public record CgroupHost(
    Optional<Path> unified, Set<String> unifiedControllers, Map<String, Path> v1) {
  private static final Set<String> KNOWN =
      Set.of(
          "cpu",
          "cpuset",
          "memory",
          "devices",
          "freezer",
          "blkio",
          "pids",
          "hugetlb",
          "net_cls",
          "net_prio",
          "perf_event",
          "rdma",
          "cpuacct");

  /** Which versions a host uses. */
  public enum Mode {
    /** One tree for everything. */
    V2,
    /** Controllers in version 1, and a version 2 tree beside them. */
    HYBRID,
    /** Version 1 alone. */
    V1,
    /** No control groups at all. */
    NONE
  }

  /** Copies the collections. */
  public CgroupHost {
    unifiedControllers = Set.copyOf(unifiedControllers);
    v1 = Map.copyOf(v1);
  }

  /** Which versions this host uses. */
  public Mode mode() {
    boolean legacy = v1.keySet().stream().anyMatch(KNOWN::contains);
    if (unified.isEmpty()) {
      return legacy ? Mode.V1 : Mode.NONE;
    }
    return legacy ? Mode.HYBRID : Mode.V2;
  }

  /** Whether limits of that kind can be set; {@code io} and {@code blkio} are one. */
  public boolean has(String controller) {
    return onUnified(controller) || v1.containsKey(v1Name(controller));
  }

  /** Whether the limits of that kind are set in the version 2 tree. */
  public boolean onUnified(String controller) {
    return unified.isPresent() && unifiedControllers.contains(controller);
  }

  /** The controller, if the host has it; a limit that cannot be held is refused. */
  String require(String controller) {
    if (!has(controller)) {
      throw new CgroupException(
          "cannot limit %s: this host has no '%s' controller".formatted(controller, controller));
    }
    return controller;
  }

  static String v1Name(String controller) {
    return controller.equals("io") ? "blkio" : controller;
  }

  /** This host's. */
  public static CgroupHost detect() {
    try {
      CgroupHost found = parse(Files.readString(Path.of("/proc/self/mountinfo")), Set.of());
      if (found.unified().isEmpty()) {
        return found;
      }
      Path file = found.unified().get().resolve("cgroup.controllers");
      String controllers = Files.exists(file) ? Files.readString(file).strip() : "";
      return new CgroupHost(found.unified(), words(controllers), found.v1());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the mount table", e);
    }
  }

  /** What a mount table (proc_pid_mountinfo(5)) says. The first mount of a hierarchy counts. */
  public static CgroupHost parse(String mountinfo, Set<String> unifiedControllers) {
    Optional<Path> unified = Optional.empty();
    Map<String, Path> v1 = new LinkedHashMap<>();
    for (String line : mountinfo.lines().toList()) {
      List<String> halves = List.of(line.split(" - ", 2));
      if (halves.size() < 2) {
        continue;
      }
      String[] place = halves.get(0).split(" ", -1);
      String[] kind = halves.get(1).split(" ", -1);
      if (place.length < 5 || kind.length < 3) {
        continue;
      }
      Path point = Path.of(place[4]);
      if (kind[0].equals("cgroup2") && unified.isEmpty()) {
        unified = Optional.of(point);
      } else if (kind[0].equals("cgroup")) {
        for (String option : kind[2].split(",", -1)) {
          if (KNOWN.contains(option) || option.startsWith("name=")) {
            v1.putIfAbsent(option, point);
          }
        }
      }
    }
    return new CgroupHost(unified, unifiedControllers, new HashMap<>(v1));
  }

  private static Set<String> words(String text) {
    return text.isEmpty() ? Set.of() : Set.of(text.split(" ", -1));
  }
}
