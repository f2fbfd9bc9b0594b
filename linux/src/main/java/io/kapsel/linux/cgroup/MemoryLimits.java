package io.kapsel.linux.cgroup;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How much memory a container may use.
 *
 * @param limit bytes, -1 without a limit
 * @param withSwap bytes of memory and swap together, -1 without a limit
 * @param reservation bytes that are left to it when memory is short
 * @param swappiness how eagerly its memory is swapped, 0 to 100; only version 1 has it
 * @param neverKill whether the kernel lets it wait instead of killing; only version 1 has it
 */
public record MemoryLimits(
    OptionalLong limit,
    OptionalLong withSwap,
    OptionalLong reservation,
    OptionalInt swappiness,
    boolean neverKill) {
  private static final long LEAST = 6L << 20;
  private static final String MEMORY = "memory";

  /** No limit. */
  public static final MemoryLimits NONE =
      new MemoryLimits(
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalInt.empty(),
          false);

  /** Refuses what contradicts itself. */
  public MemoryLimits {
    long bytes = limit.orElse(-1);
    if (bytes >= 0 && bytes < LEAST) {
      throw new CgroupException(
          "cannot limit memory to " + bytes + " bytes: a program needs at least 6 MiB");
    }
    long both = withSwap.orElse(-1);
    if (both >= 0 && bytes < 0) {
      throw new CgroupException("cannot limit swap: memory has no limit, and needs one then");
    }
    if (both >= 0 && both < bytes) {
      throw new CgroupException(
          ("cannot limit memory with swap to %d bytes: that is below the %d bytes of memory alone;"
                  + " the value counts both")
              .formatted(both, bytes));
    }
    if (bytes >= 0 && reservation.orElse(-1) > bytes) {
      throw new CgroupException(
          "cannot reserve %d bytes of memory: the limit is %d"
              .formatted(reservation.getAsLong(), bytes));
    }
    if (swappiness.isPresent() && (swappiness.getAsInt() < 0 || swappiness.getAsInt() > 100)) {
      throw new CgroupException(
          "cannot set swappiness to " + swappiness.getAsInt() + ": it is not between 0 and 100");
    }
  }

  /** Adds the writes that set them on the host. */
  void addTo(List<CgroupWrite> writes, CgroupHost host) {
    if (equals(NONE)) {
      return;
    }
    host.require(MEMORY);
    if (host.onUnified(MEMORY)) {
      addUnified(writes);
    } else {
      addLegacy(writes);
    }
  }

  private void addUnified(List<CgroupWrite> writes) {
    if (neverKill) {
      throw new CgroupException(
          "cannot keep the kernel from killing for memory: control groups of version 2 have no"
              + " such switch");
    }
    limit.ifPresent(bytes -> add(writes, "memory.max", orMax(bytes)));
    withSwap.ifPresent(bytes -> add(writes, "memory.swap.max", orMax(swapAlone(bytes))));
    reservation.ifPresent(bytes -> add(writes, "memory.low", orMax(bytes)));
  }

  /** The limit with swap may never be below the one without, which therefore comes first. */
  private void addLegacy(List<CgroupWrite> writes) {
    limit.ifPresent(bytes -> add(writes, "memory.limit_in_bytes", Long.toString(bytes)));
    withSwap.ifPresent(bytes -> add(writes, "memory.memsw.limit_in_bytes", Long.toString(bytes)));
    reservation.ifPresent(bytes -> add(writes, "memory.soft_limit_in_bytes", Long.toString(bytes)));
    swappiness.ifPresent(value -> add(writes, "memory.swappiness", Integer.toString(value)));
    if (neverKill) {
      add(writes, "memory.oom_control", "1");
    }
  }

  /** Version 2 counts swap by itself. */
  private long swapAlone(long both) {
    return both < 0 ? both : both - limit.orElse(0);
  }

  private static void add(List<CgroupWrite> writes, String file, String value) {
    writes.add(new CgroupWrite(MEMORY, file, value));
  }

  private static String orMax(long value) {
    return value < 0 ? "max" : Long.toString(value);
  }
}
