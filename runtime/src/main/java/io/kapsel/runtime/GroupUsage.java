package io.kapsel.runtime;

import java.util.Optional;

/**
 * What a container uses at one moment.
 *
 * @param cpuNanos processor time since its start
 * @param memory bytes, without what the kernel can drop at once
 * @param memoryLimit bytes, where there is a limit
 * @param tasks processes and threads
 */
public record GroupUsage(
    long cpuNanos, long memory, Optional<Long> memoryLimit, int processes, long tasks, Io io) {
  /** Bytes of block devices since its start. */
  public record Io(long read, long written) {}
}
