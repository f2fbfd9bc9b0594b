package io.kapsel.linux.cgroup;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a container may use.
 *
 * @param memory bytes, -1 without a limit
 * @param memorySwap bytes of memory and swap together, -1 without a limit
 * @param memoryReservation bytes that are left to it when memory is short
 * @param cpuQuota microseconds in each period, -1 without a limit
 * @param cpuPeriod microseconds
 * @param cpuShares weight against others, 2 to 262144, 1024 is usual
 * @param blkioWeight weight against others, 10 to 1000
 * @param pids how many processes and threads, -1 without a limit
 */
public record CgroupLimits(
    OptionalLong memory,
    OptionalLong memorySwap,
    OptionalLong memoryReservation,
    OptionalLong cpuQuota,
    OptionalLong cpuPeriod,
    OptionalLong cpuShares,
    Optional<String> cpusetCpus,
    Optional<String> cpusetMems,
    OptionalInt blkioWeight,
    OptionalLong pids) {
  private static final long USUAL_PERIOD = 100_000;

  /** The writes that set them on this host, in order. */
  public List<CgroupWrite> writes(CgroupHost host) {
    List<CgroupWrite> writes = new ArrayList<>();
    addMemory(host, writes);
    addCpu(host, writes);
    cpusetCpus.ifPresent(
        value -> writes.add(new CgroupWrite(need(host, "cpuset"), "cpuset.cpus", value)));
    cpusetMems.ifPresent(
        value -> writes.add(new CgroupWrite(need(host, "cpuset"), "cpuset.mems", value)));
    if (blkioWeight.isPresent()) {
      addBlkio(host, writes);
    }
    if (pids.isPresent() && (pids.getAsLong() > 0 || host.has("pids"))) {
      writes.add(new CgroupWrite(need(host, "pids"), "pids.max", orMax(pids.getAsLong())));
    }
    return writes;
  }

  private void addMemory(CgroupHost host, List<CgroupWrite> writes) {
    if (memory.isEmpty() && memorySwap.isEmpty() && memoryReservation.isEmpty()) {
      return;
    }
    need(host, "memory");
    if (memorySwap.orElse(-1) > 0 && memorySwap.getAsLong() < memory.orElse(-1)) {
      throw new CgroupException(
          "cannot limit memory: the limit with swap is below the limit without");
    }
    if (host.onUnified("memory")) {
      memory.ifPresent(v -> writes.add(new CgroupWrite("memory", "memory.max", orMax(v))));
      memorySwap.ifPresent(v ->
          writes.add(new CgroupWrite("memory", "memory.swap.max", v < 0 ? "max" : swapOnly(v))));
      memoryReservation.ifPresent(
          v -> writes.add(new CgroupWrite("memory", "memory.low", orMax(v))));
      return;
    }
    memory.ifPresent(
        v -> writes.add(new CgroupWrite("memory", "memory.limit_in_bytes", Long.toString(v))));
    memorySwap.ifPresent(v ->
        writes.add(new CgroupWrite("memory", "memory.memsw.limit_in_bytes", Long.toString(v))));
    memoryReservation.ifPresent(
        v -> writes.add(new CgroupWrite("memory", "memory.soft_limit_in_bytes", Long.toString(v))));
  }

  private String swapOnly(long together) {
    return Long.toString(together - Math.max(memory.orElse(0), 0));
  }

  private void addCpu(CgroupHost host, List<CgroupWrite> writes) {
    if (cpuQuota.isPresent() || cpuPeriod.isPresent()) {
      need(host, "cpu");
      long period = cpuPeriod.orElse(USUAL_PERIOD);
      long quota = cpuQuota.orElse(-1);
      if (host.onUnified("cpu")) {
        writes.add(new CgroupWrite("cpu", "cpu.max", orMax(quota) + " " + period));
      } else {
        writes.add(new CgroupWrite("cpu", "cpu.cfs_period_us", Long.toString(period)));
        writes.add(new CgroupWrite("cpu", "cpu.cfs_quota_us", Long.toString(quota)));
      }
    }
    if (cpuShares.isPresent() && cpuShares.getAsLong() > 0) {
      need(host, "cpu");
      long shares = cpuShares.getAsLong();
      writes.add(
          host.onUnified("cpu")
              ? new CgroupWrite("cpu", "cpu.weight", Long.toString(weightOf(shares)))
              : new CgroupWrite("cpu", "cpu.shares", Long.toString(shares)));
    }
  }

  /**
   * Shares, 2 to 262144 with 1024 in the middle, as a weight, 1 to 10000 with 100 in the middle: a
   * parabola through these three points in logarithms, as the newest runtimes have it.
   */
  static long weightOf(long shares) {
    if (shares <= 2) {
      return 1;
    }
    if (shares >= 262_144) {
      return 10_000;
    }
    double log = Math.log((double) shares) / Math.log(2);
    double exponent = (log * log + 125 * log) / 612.0 - 7.0 / 34.0;
    return (long) Math.ceil(Math.pow(10, exponent));
  }

  private void addBlkio(CgroupHost host, List<CgroupWrite> writes) {
    int weight = blkioWeight.getAsInt();
    if (weight < 10 || weight > 1000) {
      throw new CgroupException(
          "cannot set the blkio weight " + weight + ": it is not between 10 and 1000");
    }
    if (host.onUnified("io")) {
      long scaled = 1 + (weight - 10) * 9999L / 990;
      writes.add(new CgroupWrite("io", "io.weight", "default " + scaled));
    } else {
      writes.add(new CgroupWrite(need(host, "io"), "blkio.weight", Integer.toString(weight)));
    }
  }

  private static String need(CgroupHost host, String controller) {
    if (!host.has(controller)) {
      throw new CgroupException(
          "cannot limit %s: this host has no '%s' controller".formatted(controller, controller));
    }
    return controller;
  }

  private static String orMax(long value) {
    return value < 0 ? "max" : Long.toString(value);
  }
}
