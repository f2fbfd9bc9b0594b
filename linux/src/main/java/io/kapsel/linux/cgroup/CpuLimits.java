package io.kapsel.linux.cgroup;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How much of the processors a container may use.
 *
 * @param quota microseconds in each period, -1 without a limit
 * @param period microseconds, 1,000 to 1,000,000
 * @param burst microseconds that may be saved up from earlier periods
 * @param shares weight against others, 2 to 262144, 1024 is usual; 0 is as if absent
 * @param idle whether it only runs when nobody else wants to
 * @param cpus which processors, such as {@code 0-2,5}
 * @param mems which memory nodes
 */
public record CpuLimits(
    OptionalLong quota,
    OptionalLong period,
    OptionalLong burst,
    OptionalLong shares,
    boolean idle,
    Optional<String> cpus,
    Optional<String> mems) {
  private static final long USUAL_PERIOD = 100_000;
  private static final long SHORTEST = 1_000;
  private static final long LONGEST = 1_000_000;
  private static final String CPU = "cpu";
  private static final String CPUSET = "cpuset";

  /** No limit. */
  public static final CpuLimits NONE =
      new CpuLimits(
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          false,
          Optional.empty(),
          Optional.empty());

  /** Refuses what the kernel would not take, with better words than its own. */
  public CpuLimits {
    long time = period.orElse(0);
    if (time != 0 && (time < SHORTEST || time > LONGEST)) {
      throw new CgroupException(
          "cannot use a cpu period of " + time + " µs: it is not between 1 ms and 1 s");
    }
    if (quota.orElse(-1) > 0 && quota.getAsLong() < SHORTEST) {
      throw new CgroupException(
          "cannot use a cpu quota of " + quota.getAsLong() + " µs: it is shorter than 1 ms");
    }
    cpus.ifPresent(text -> NumberList.parse("cpus", text));
    mems.ifPresent(text -> NumberList.parse("memory nodes", text));
  }

  /** Refuses more processors than the host has, which are {@code 0} to {@code count - 1}. */
  public void requireProcessors(int count) {
    long time = period.orElse(0) == 0 ? USUAL_PERIOD : period.getAsLong();
    if (quota.orElse(-1) > time * count) {
      throw new CgroupException(
          "cannot use %s cpus: this host has %d"
              .formatted(Math.ceilDiv(100 * quota.getAsLong(), time) / 100.0, count));
    }
    cpus.ifPresent(text -> {
      if (NumberList.parse("cpus", text).largest() >= count) {
        throw new CgroupException(
            "cannot use cpus '%s': this host has '0-%d'".formatted(text, count - 1));
      }
    });
  }

  /** Adds the writes that set them on the host. */
  void addTo(List<CgroupWrite> writes, CgroupHost host) {
    addTime(writes, host);
    addWeight(writes, host);
    cpus.ifPresent(text -> writes.add(new CgroupWrite(host.require(CPUSET), "cpuset.cpus", text)));
    mems.ifPresent(text -> writes.add(new CgroupWrite(host.require(CPUSET), "cpuset.mems", text)));
  }

  private void addTime(List<CgroupWrite> writes, CgroupHost host) {
    if (quota.isEmpty() && period.orElse(0) == 0 && burst.isEmpty()) {
      return;
    }
    host.require(CPU);
    long time = period.orElse(0) == 0 ? USUAL_PERIOD : period.getAsLong();
    long most = quota.orElse(-1) > 0 ? quota.getAsLong() : -1;
    if (host.onUnified(CPU)) {
      add(writes, "cpu.max", (most < 0 ? "max" : Long.toString(most)) + " " + time);
      burst.ifPresent(value -> add(writes, "cpu.max.burst", Long.toString(value)));
    } else {
      add(writes, "cpu.cfs_period_us", Long.toString(time));
      add(writes, "cpu.cfs_quota_us", Long.toString(most));
      burst.ifPresent(value -> add(writes, "cpu.cfs_burst_us", Long.toString(value)));
    }
  }

  private void addWeight(List<CgroupWrite> writes, CgroupHost host) {
    if (idle) {
      writes.add(new CgroupWrite(host.require(CPU), "cpu.idle", "1"));
      return; // the kernel refuses a weight then
    }
    long value = shares.orElse(0);
    if (value <= 0) {
      return;
    }
    host.require(CPU);
    if (host.onUnified(CPU)) {
      add(writes, "cpu.weight", Long.toString(weightOf(value)));
    } else {
      add(writes, "cpu.shares", Long.toString(value));
    }
  }

  /**
   * Shares, 2 to 262144 with 1024 in the middle, as a weight, 1 to 10000 with 100 in the middle: a
   * parabola through these three points in logarithms, as the newest runtimes have it.
   */
  public static long weightOf(long shares) {
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

  private static void add(List<CgroupWrite> writes, String file, String value) {
    writes.add(new CgroupWrite(CPU, file, value));
  }
}
