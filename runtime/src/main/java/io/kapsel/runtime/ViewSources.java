package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files of a container's control groups from which its view of {@code /proc} is made, open.
 *
 * @param flags which of them are of version 1
 * @param bits which there are
 */
record ViewSources(int flags, long bits, List<Fd> files) implements AutoCloseable {
  private static final int MEMORY_V1 = 1;
  private static final int IO_V1 = 2;

  /** Their places in the order of {@code enum source} in native/view/view.h. */
  private enum Source {
    GROUP,
    CPU,
    TASKS,
    MEMORY,
    MEMORY_MOST,
    MEMORY_STAT,
    SWAP,
    SWAP_MOST,
    QUOTA,
    PERIOD,
    PROCESSORS,
    IO_BYTES,
    IO_COUNT
  }

  /** Those of a container that has no groups yet. */
  static ViewSources none() {
    return new ViewSources(0, 0, List.of());
  }

  /** Those that a running container has. */
  static ViewSources of(CgroupHost host, LiveGroups groups) {
    Collecting found = new Collecting();
    groups
        .unified()
        .ifPresent(group -> {
          found.add(Source.GROUP, group, OpenFlags.DIRECTORY);
          found.add(Source.CPU, group.resolve("cpu.stat"), 0);
        });
    group(host, groups, "pids")
        .ifPresent(group -> found.add(Source.TASKS, group.resolve("pids.current"), 0));
    boolean memory = host.onUnified("memory");
    group(host, groups, "memory")
        .ifPresent(group ->
            found.add(
                group,
                List.of(
                    Source.MEMORY,
                    Source.MEMORY_MOST,
                    Source.MEMORY_STAT,
                    Source.SWAP,
                    Source.SWAP_MOST),
                memory
                    ? List.of(
                        "memory.current",
                        "memory.max",
                        "memory.stat",
                        "memory.swap.current",
                        "memory.swap.max")
                    : List.of(
                        "memory.usage_in_bytes",
                        "memory.limit_in_bytes",
                        "memory.stat",
                        "memory.memsw.usage_in_bytes",
                        "memory.memsw.limit_in_bytes")));
    processors(host, groups, found);
    boolean io = host.onUnified("io");
    group(host, groups, io ? "io" : "blkio")
        .ifPresent(group ->
            found.add(
                group,
                List.of(Source.IO_BYTES, Source.IO_COUNT),
                io
                    ? List.of("io.stat")
                    : List.of(
                        "blkio.throttle.io_service_bytes_recursive",
                        "blkio.throttle.io_serviced_recursive")));
    return new ViewSources((memory ? 0 : MEMORY_V1) | (io ? 0 : IO_V1), found.bits, found.files);
  }

  private static void processors(CgroupHost host, LiveGroups groups, Collecting found) {
    boolean unified = host.onUnified("cpu");
    group(host, groups, "cpu")
        .ifPresent(group ->
            found.add(
                group,
                List.of(Source.QUOTA, Source.PERIOD),
                unified ? List.of("cpu.max") : List.of("cpu.cfs_quota_us", "cpu.cfs_period_us")));
    String effective = host.onUnified("cpuset") ? "cpuset.cpus.effective" : "cpuset.effective_cpus";
    group(host, groups, "cpuset")
        .ifPresent(group -> found.add(Source.PROCESSORS, group.resolve(effective), 0));
  }

  private static Optional<Path> group(CgroupHost host, LiveGroups groups, String controller) {
    return host.onUnified(controller) ? groups.unified() : groups.v1(controller);
  }

  private static final class Collecting {
    private final List<Fd> files = new ArrayList<>();
    private long bits;

    /** In rising order. What the kernel does not have is left out. */
    void add(Source source, Path path, int flags) {
      try {
        files.add(Open.path(path.toString(), OpenFlags.READ | flags));
        bits |= 1L << source.ordinal();
      } catch (SyscallException e) {
        // a kernel without it: what it would tell is not limited
      }
    }

    void add(Path group, List<Source> sources, List<String> names) {
      for (int i = 0; i < names.size(); i++) {
        add(sources.get(i), group.resolve(names.get(i)), 0);
      }
    }
  }

  @Override
  public void close() {
    files.forEach(Fd::close);
  }
}
