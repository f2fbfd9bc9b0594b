package io.kapsel.runtime;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.cgroup.GroupFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Our part of the control groups: {@code /kapsel} in each hierarchy, and one group a container. */
final class Cgroups {
  /** The directory below each hierarchy's mount point that is ours. */
  static final String PARENT = "kapsel";

  private static final String LEAF = ".kapsel";
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final List<String> DELEGATED =
      List.of("cpuset", "cpu", "io", "memory", "pids", "hugetlb");

  /** Those of version 1 in which containers are. */
  static final Set<String> LIMITING = Set.of("memory", "cpu", "cpuset", "pids", "blkio", "devices");

  private final CgroupHost host;
  private final List<Path> parents;

  Cgroups(CgroupHost host) {
    this.host = host;
    this.parents = parents(host);
  }

  /**
   * Makes the parents, which stay as long as this is held, and lets controllers through to them.
   */
  SharedParents prepare() {
    try {
      SharedParents held = SharedParents.hold(parents());
      try {
        open();
      } catch (IOException e) {
        held.close();
        throw e;
      }
      return held;
    } catch (IOException e) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "cannot make control groups: "
              + e.getMessage()
              + "; is the cgroup file system writable, and is the engine run by root?");
    }
  }

  private void open() throws IOException {
    if (host.unified().isPresent()) {
      delegate(host.unified().get());
      delegate(host.unified().get().resolve(PARENT));
    }
    Path cpuset = host.v1().get("cpuset");
    if (cpuset != null) {
      for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
        copy(cpuset.resolve(file), cpuset.resolve(PARENT).resolve(file));
      }
      write(cpuset.resolve(PARENT).resolve("cgroup.clone_children"), "1");
    }
  }

  /**
   * Makes what is above a container's groups. A group that has processes in it already is somebody
   * else's.
   */
  void prepare(CgroupPlace place) {
    try {
      for (String hierarchy : place.hierarchies()) {
        Path parent = place.parent(hierarchy);
        boolean unified = hierarchy.equals(CgroupPlace.UNIFIED);
        makeParents(parent, hierarchy);
        if (unified) {
          delegateDownTo(parent);
        }
        refuseOccupied(parent.resolve(place.leaf()));
      }
    } catch (IOException e) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED, "cannot make control groups: " + e.getMessage());
    }
  }

  /** What systemd has not made for its scope: on older hosts it leaves hierarchies out. */
  void prepareRest(CgroupPlace place) {
    try {
      for (String hierarchy : place.hierarchies()) {
        if (!hierarchy.equals(CgroupPlace.UNIFIED)) {
          makeParents(place.parent(hierarchy), hierarchy);
        }
      }
    } catch (IOException e) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED, "cannot make control groups: " + e.getMessage());
    }
  }

  private static void makeParents(Path parent, String hierarchy) throws IOException {
    boolean cpuset = hierarchy.equals("cpuset");
    boolean there = Files.isDirectory(parent);
    boolean top = there && !Files.exists(parent.resolveSibling("cgroup.procs"));
    if (top || parent.getParent() == null || (there && !cpuset)) {
      return;
    }
    makeParents(parent.getParent(), hierarchy);
    Files.createDirectories(parent);
    if (cpuset) { // whoever made it may have left it empty, and then nothing can run below it
      for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
        copy(parent.resolveSibling(file), parent.resolve(file));
      }
    }
  }

  private void delegateDownTo(Path parent) {
    Path top = host.unified().orElseThrow();
    delegate(top);
    Path at = top;
    for (Path name : top.relativize(parent)) {
      if (!name.toString().isEmpty()) {
        at = at.resolve(name);
        delegate(at);
      }
    }
  }

  private static void refuseOccupied(Path group) throws IOException {
    Path list = group.resolve("cgroup.procs");
    if (Files.exists(list)) {
      int count = Files.readAllLines(list).size();
      if (count > 0) {
        throw new LaunchException(
            LaunchException.Kind.REFUSED,
            "container's cgroup is not empty: " + count + " process(es) found");
      }
    }
  }

  /** Looking is cheap; a write takes the lock of all groups, even when it changes nothing. */
  private void delegate(Path group) {
    List<String> wanted = DELEGATED.stream().filter(host::onUnified).toList();
    if (wanted.isEmpty()) {
      return;
    }
    Path file = group.resolve("cgroup.subtree_control");
    List<String> there = List.of(GroupFiles.text(file).split(" "));
    for (String controller : wanted) {
      if (!there.contains(controller)) {
        delegate(file, controller);
      }
    }
  }

  private static void delegate(Path file, String controller) {
    try {
      write(file, "+" + controller);
    } catch (IOException e) {
      System.getLogger(Cgroups.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "a controller cannot be used controller={0} reason={1}",
              controller,
              e.getMessage());
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    if (Files.exists(from) && Files.readString(to).isBlank()) {
      write(to, Files.readString(from).strip());
    }
  }

  private static void write(Path file, String value) throws IOException {
    Files.writeString(file, value, StandardOpenOption.WRITE);
  }

  private List<Path> parents() {
    return parents;
  }

  private static List<Path> parents(CgroupHost host) {
    List<Path> all = new ArrayList<>();
    host.unified().ifPresent(point -> all.add(point.resolve(PARENT)));
    for (String controller : LIMITING) {
      Path point = host.v1().get(controller);
      if (point != null) {
        all.add(point.resolve(PARENT));
      }
    }
    return all.stream().distinct().toList();
  }

  /** The ids that have a group of ours somewhere. */
  Set<String> ids() {
    Set<String> found = new java.util.TreeSet<>();
    for (Path parent : parents()) {
      if (!Files.isDirectory(parent)) {
        continue;
      }
      try (Stream<Path> below = Files.list(parent)) {
        below.filter(Files::isDirectory).forEach(each -> found.add(each.getFileName().toString()));
      } catch (IOException e) {
        throw new UncheckedIOException("cannot list '" + parent + "'", e);
      }
    }
    return found;
  }

  /** The directories of one container's groups that exist. */
  List<Path> groups(String id) {
    return parents().stream().map(each -> each.resolve(id)).filter(Files::isDirectory).toList();
  }

  /** A group below one of version 2, for programs that enter from outside. */
  Path leaf(Path group) {
    if (host.unified().filter(group::startsWith).isEmpty()) {
      return group;
    }
    try {
      return Files.createDirectories(group.resolve(LEAF));
    } catch (IOException e) {
      throw new LaunchException(
          LaunchException.Kind.FAILED, "cannot make control group: " + e.getMessage());
    }
  }

  /** Ends all that runs in them and removes them. */
  void remove(String id) {
    remove(groups(id));
  }

  /** The same for groups wherever they are. */
  static void remove(List<Path> groups) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    for (Path group : groups) {
      boolean first = true;
      while (!removed(group)) {
        kill(group);
        if (System.nanoTime() > deadline) {
          throw new LaunchException(
              LaunchException.Kind.FAILED,
              "cannot remove control group '" + group + "': processes in it do not end");
        }
        pause(first ? 1 : 5);
        first = false;
      }
    }
  }

  /** Most groups are empty and have none below them: the first call does it. */
  private static boolean removed(Path group) {
    try {
      if (deleted(group)) {
        return true;
      }
      for (Path child : children(group)) {
        removed(child);
      }
      return deleted(group);
    } catch (NoSuchFileException e) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean deleted(Path group) throws NoSuchFileException {
    try {
      Files.delete(group);
      return true;
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      return false;
    }
  }

  private static List<Path> children(Path group) throws IOException {
    try (Stream<Path> below = Files.list(group)) {
      return below.filter(Files::isDirectory).toList();
    }
  }

  /** Kills everything in a group; Linux 5.14 has one file for that. */
  static void kill(Path group) {
    try {
      Path all = group.resolve("cgroup.kill");
      if (Files.exists(all)) {
        write(all, "1");
        return;
      }
      Path list = group.resolve("cgroup.procs");
      for (String pid : Files.readAllLines(list)) {
        ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
      }
    } catch (IOException e) {
      System.getLogger(Cgroups.class.getName())
          .log(System.Logger.Level.DEBUG, "cannot kill a group group={0}", group);
    }
  }

  private static void pause(long milliseconds) {
    LockSupport.parkNanos(Duration.ofMillis(milliseconds).toNanos());
  }

  /** How often the kernel killed a process of the container for want of memory. */
  long oomKills(String id) {
    Path v1 = host.v1().get("memory");
    if (v1 != null) {
      return counter(v1.resolve(PARENT).resolve(id).resolve("memory.oom_control"), "oom_kill ");
    }
    return host.unified()
        .map(top -> counter(top.resolve(PARENT).resolve(id).resolve("memory.events"), "oom_kill "))
        .orElse(0L);
  }

  /** The most bytes that a container used at once, where the kernel counts that. */
  Optional<Long> memoryPeak(String id) {
    Path v1 = host.v1().get("memory");
    Optional<Path> file =
        v1 != null
            ? Optional.of(v1.resolve(PARENT).resolve(id).resolve("memory.max_usage_in_bytes"))
            : host.unified().map(top -> top.resolve(PARENT).resolve(id).resolve("memory.peak"));
    return file.filter(Files::exists).flatMap(Cgroups::number);
  }

  private static Optional<Long> number(Path file) {
    try {
      return Optional.of(Long.valueOf(Files.readString(file).strip()));
    } catch (IOException | NumberFormatException _) {
      return Optional.empty(); // it goes at this moment
    }
  }

  private static long counter(Path file, String name) {
    try {
      return Files.exists(file)
          ? Files.readAllLines(file).stream()
              .filter(line -> line.startsWith(name))
              .mapToLong(line -> Long.parseLong(line.substring(name.length()).strip()))
              .findFirst()
              .orElse(0)
          : 0;
    } catch (IOException e) {
      return 0;
    }
  }
}
