package io.kapsel.runtime;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.cgroup.CgroupWrite;
import io.kapsel.linux.cgroup.Freezer;
import io.kapsel.linux.cgroup.GroupFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The control groups of a container that runs: looked at, frozen, and given other limits. */
final class LiveGroups {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long MICROSECOND = 1000;
  private static final long TICK = 10_000_000; // USER_HZ is 100 on every architecture here
  private static final long PAGE = 4096;
  private static final Pattern FILE = Pattern.compile("[a-z0-9_]+(\\.[A-Za-z0-9_]+)+");
  static final long NO_LIMIT = 0x7fff_ffff_ffff_f000L;

  private final CgroupHost host;
  private final String id;

  LiveGroups(CgroupHost host, String id) {
    this.host = host;
    this.id = id;
  }

  Optional<Path> unified() {
    return host.unified()
        .map(top -> top.resolve(Cgroups.PARENT).resolve(id))
        .filter(Files::isDirectory);
  }

  Optional<Path> v1(String controller) {
    return Optional.ofNullable(host.v1().get(controller))
        .map(top -> top.resolve(Cgroups.PARENT).resolve(id))
        .filter(Files::isDirectory);
  }

  /** Stops or resumes everything in it, and waits until that is so. */
  void freeze(boolean frozen) {
    if (unified().isEmpty()) {
      joined("freezer");
    }
    String action = (frozen ? "freeze" : "thaw") + " its processes";
    try {
      if (!freezer().freeze(frozen, PATIENCE)) {
        throw new LaunchException(
            LaunchException.Kind.FAILED,
            "cannot " + action + " within " + PATIENCE.toSeconds() + " s");
      }
    } catch (IOException e) {
      throw failed(action, e);
    }
  }

  boolean frozen() {
    return freezer().frozen();
  }

  /** The one that needs no joining, where there is a choice. */
  private Freezer freezer() {
    return new Freezer(unified().isPresent() ? Optional.empty() : v1("freezer"), unified());
  }

  /** The processes in it and in the groups below, in the host's numbers. */
  List<Integer> processes() {
    return unified().or(() -> v1("pids")).map(GroupFiles::processes).orElse(List.of());
  }

  /**
   * Sets limits. One may have to make room for another, so what fails is tried once more at the
   * end. A hierarchy in which nothing was limited is joined first.
   */
  void limit(List<CgroupWrite> writes) {
    List<CgroupWrite> failed = new ArrayList<>();
    for (CgroupWrite write : writes) {
      try {
        limit(write);
      } catch (LaunchException e) {
        failed.add(write);
      }
    }
    failed.forEach(this::limit);
  }

  private void limit(CgroupWrite write) {
    Path group =
        host.onUnified(write.controller())
            ? unified().orElseThrow(() -> missing(write.controller()))
            : joined(write.controller().equals("io") ? "blkio" : write.controller());
    if (!write.optional() || Files.exists(group.resolve(write.file()))) {
      write(group.resolve(write.file()), write.value());
    }
  }

  /** What a file such as {@code pids.max} says; nothing where there is no such file. */
  Optional<String> read(String file) {
    return file(file).map(each -> GroupFiles.text(each).stripTrailing());
  }

  /** Writes into such a file. */
  void write(String file, String value) {
    write(
        file(file)
            .orElseThrow(() ->
                new LaunchException(
                    LaunchException.Kind.REFUSED,
                    "its control groups have no file '" + file + "'")),
        value);
  }

  /** Wherever its controller is; a hierarchy in which nothing was limited is joined first. */
  private Optional<Path> file(String name) {
    if (!FILE.matcher(name).matches()) {
      return Optional.empty();
    }
    String controller = name.substring(0, name.indexOf('.'));
    Optional<Path> group = host.v1().containsKey(controller) ? joinable(controller) : unified();
    return group.map(each -> each.resolve(name)).filter(Files::isRegularFile);
  }

  /** Nothing is limited in the others, and so no container is in them. */
  private Optional<Path> joinable(String controller) {
    return Cgroups.LIMITING.contains(controller) ? Optional.of(joined(controller)) : v1(controller);
  }

  private LaunchException missing(String controller) {
    return new LaunchException(
        LaunchException.Kind.REFUSED, "the container has no control group for " + controller);
  }

  /** The group in a version 1 hierarchy; made, and all processes moved there, where it is not. */
  private Path joined(String controller) {
    Optional<Path> there = v1(controller);
    if (there.isPresent()) {
      return there.get();
    }
    Path top =
        Optional.ofNullable(host.v1().get(controller)).orElseThrow(() -> missing(controller));
    Path group = top.resolve(Cgroups.PARENT).resolve(id);
    try {
      Files.createDirectories(group);
    } catch (IOException e) {
      throw failed("make '" + group + "'", e);
    }
    for (int pid : processes()) {
      try {
        write(group.resolve("cgroup.procs"), Integer.toString(pid));
      } catch (LaunchException e) {
        if (Files.exists(Path.of("/proc", Integer.toString(pid)))) {
          throw e;
        }
      }
    }
    return group;
  }

  /** What it uses now. */
  GroupUsage usage() {
    List<Integer> processes = processes();
    return new GroupUsage(
        cpuNanos(), memory(processes), memoryLimit(), processes.size(), threads(), io());
  }

  long cpuNanos() {
    return unified()
        .map(each ->
            GroupFiles.table(each.resolve("cpu.stat")).getOrDefault("usage_usec", 0L) * MICROSECOND)
        .or(() -> v1("cpuacct").map(each -> number(each.resolve("cpuacct.usage"))))
        .orElseGet(() -> processes().stream().mapToLong(LiveGroups::ticks).sum() * TICK);
  }

  private static long ticks(int pid) {
    String stat = GroupFiles.text(Path.of("/proc", Integer.toString(pid), "stat"));
    String[] words = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
    return words.length > 12 ? Long.parseLong(words[11]) + Long.parseLong(words[12]) : 0;
  }

  /** Without the page cache that can be dropped at once, as Docker counts. */
  private long memory(List<Integer> processes) {
    if (host.onUnified("memory") && unified().isPresent()) {
      Path group = unified().get();
      return number(group.resolve("memory.current"))
          - GroupFiles.table(group.resolve("memory.stat")).getOrDefault("inactive_file", 0L);
    }
    return v1("memory")
        .map(group ->
            number(group.resolve("memory.usage_in_bytes"))
                - GroupFiles.table(group.resolve("memory.stat"))
                    .getOrDefault("total_inactive_file", 0L))
        .orElseGet(() -> processes.stream().mapToLong(LiveGroups::resident).sum());
  }

  /** Where nobody counts for the group, its processes' own pages are what can be known. */
  private static long resident(int pid) {
    String[] words =
        GroupFiles.text(Path.of("/proc", Integer.toString(pid), "statm")).split(" ", -1);
    return words.length > 2 ? (Long.parseLong(words[1]) - Long.parseLong(words[2])) * PAGE : 0;
  }

  private Optional<Long> memoryLimit() {
    Optional<Long> limit =
        host.onUnified("memory")
            ? unified().map(each -> number(each.resolve("memory.max")))
            : v1("memory").map(each -> number(each.resolve("memory.limit_in_bytes")));
    return limit.filter(bytes -> bytes > 0 && bytes < NO_LIMIT);
  }

  private long threads() {
    return (host.onUnified("pids") ? unified() : v1("pids"))
        .map(each -> number(each.resolve("pids.current")))
        .orElseGet(() -> (long) processes().size());
  }

  /** Bytes read and written. */
  private GroupUsage.Io io() {
    long read = 0;
    long written = 0;
    if (host.onUnified("io") && unified().isPresent()) {
      for (String line : GroupFiles.lines(unified().get().resolve("io.stat"))) {
        for (String word : line.split(" ", -1)) {
          read += word.startsWith("rbytes=") ? Long.parseLong(word.substring(7)) : 0;
          written += word.startsWith("wbytes=") ? Long.parseLong(word.substring(7)) : 0;
        }
      }
      return new GroupUsage.Io(read, written);
    }
    Optional<Path> group = v1("blkio");
    if (group.isEmpty()) {
      return new GroupUsage.Io(0, 0);
    }
    for (String line :
        GroupFiles.lines(group.get().resolve("blkio.throttle.io_service_bytes_recursive"))) {
      String[] words = line.split(" ", -1);
      if (words.length == 3) {
        read += words[1].equals("Read") ? Long.parseLong(words[2]) : 0;
        written += words[1].equals("Write") ? Long.parseLong(words[2]) : 0;
      }
    }
    return new GroupUsage.Io(read, written);
  }

  private static long number(Path file) {
    String text = GroupFiles.text(file);
    return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
  }

  private static void write(Path file, String value) {
    try {
      Files.writeString(file, value, StandardCharsets.UTF_8, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failed("write '" + value + "' to '" + file + "'", e);
    }
  }

  private static LaunchException failed(String action, IOException e) {
    return new LaunchException(
        LaunchException.Kind.FAILED,
        "cannot " + action + ": " + io.kapsel.base.AtomicFile.reason(e));
  }
}
