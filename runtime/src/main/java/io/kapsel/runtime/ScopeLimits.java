package io.kapsel.runtime;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.cgroup.CpuLimits;
import io.kapsel.linux.cgroup.NumberList;
import io.kapsel.oci.Resources;
import io.kapsel.systemd.UnitProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The limits of a configuration as properties of a unit; systemd.resource-control(5). systemd would
 * undo what only the kernel knows; what it has no property for is left to the control group alone.
 */
final class ScopeLimits {
  private static final long USUAL_PERIOD = 100_000;
  private static final long SECOND = 1_000_000;
  private static final long STEP = 10_000;
  private static final int QUOTA_PERIOD = 242;
  private static final int CPUSETS = 244;
  private static final int IDLE = 252;

  private final boolean v2;
  private final int version;
  private final List<UnitProperty> properties = new ArrayList<>();

  private ScopeLimits(boolean v2, int version) {
    this.v2 = v2;
    this.version = version;
  }

  /** The properties for a host with a systemd of that version. */
  static List<UnitProperty> of(Resources resources, CgroupHost host, int version) {
    boolean v2 = host.mode() == CgroupHost.Mode.V2;
    ScopeLimits limits = new ScopeLimits(v2, version);
    resources.memory().ifPresent(limits::memory);
    resources.cpu().ifPresent(limits::cpu);
    resources.pids().flatMap(Resources.Pids::limit).ifPresent(limits::pids);
    resources.blockIo().ifPresent(limits::io);
    if (v2) {
      new TreeMap<>(resources.unified()).forEach(limits::unified);
    }
    return List.copyOf(limits.properties);
  }

  private void memory(Resources.Memory memory) {
    Optional<Long> limit = set(memory.limit());
    limit.ifPresent(bytes -> add(v2 ? "MemoryMax" : "MemoryLimit", bytes));
    if (!v2) {
      return;
    }
    set(memory.reservation()).ifPresent(bytes -> add("MemoryLow", bytes));
    Optional<Long> swap = set(memory.swap());
    if (swap.isEmpty() && limit.filter(bytes -> bytes == -1).isPresent()) {
      swap = Optional.of(-1L);
    }
    swap.ifPresent(
        both -> add("MemorySwapMax", both == -1 ? UnitProperty.INFINITY : both - limit.orElse(0L)));
  }

  private void cpu(Resources.Cpu cpu) {
    if (!v2) {
      set(cpu.shares()).ifPresent(shares -> add("CPUShares", shares));
    } else if (cpu.idle().filter(each -> each == 1).isPresent() && version >= IDLE) {
      add("CPUWeight", 0);
    } else {
      set(cpu.shares()).ifPresent(shares -> add("CPUWeight", CpuLimits.weightOf(shares)));
    }
    quota(set(cpu.quota()), set(cpu.period()));
    if (v2) {
      processors("AllowedCPUs", cpu.cpus());
      processors("AllowedMemoryNodes", cpu.mems());
    }
  }

  /** systemd counts in hundredths of a processor; a part of one is rounded up. */
  private void quota(Optional<Long> quota, Optional<Long> period) {
    if (period.isPresent() && version >= QUOTA_PERIOD) {
      add("CPUQuotaPeriodUSec", period.get());
    }
    if (quota.isEmpty() && period.isEmpty()) {
      return;
    }
    long time = period.orElse(USUAL_PERIOD);
    long most = quota.orElse(-1L);
    add(
        "CPUQuotaPerSecUSec",
        most <= 0
            ? UnitProperty.INFINITY
            : Math.ceilDiv(Math.multiplyExact(most, SECOND) / time, STEP) * STEP);
  }

  private void processors(String name, Optional<String> list) {
    if (version >= CPUSETS) {
      list.filter(text -> !text.isEmpty())
          .ifPresent(text ->
              properties.add(UnitProperty.of(name, trimmed(NumberList.parse(name, text).mask()))));
    }
  }

  private static byte[] trimmed(byte[] mask) {
    int length = mask.length;
    while (length > 1 && mask[length - 1] == 0) {
      length--;
    }
    return java.util.Arrays.copyOf(mask, length);
  }

  private void pids(long most) {
    if (most != 0) {
      add("TasksMax", most < 0 ? UnitProperty.INFINITY : most);
    }
  }

  private void io(Resources.BlockIo io) {
    io.weight()
        .filter(weight -> weight > 0)
        .ifPresent(weight -> {
          if (v2) {
            // 10 to 1000 becomes 1 to 10000, as for the control group itself.
            add("IOWeight", 1 + (weight - 10L) * 9999 / 990);
          } else {
            add("BlockIOWeight", weight);
          }
        });
  }

  private static final Map<String, String> UNIFIED =
      Map.of(
          "cpu.weight", "CPUWeight",
          "memory.min", "MemoryMin",
          "memory.low", "MemoryLow",
          "memory.high", "MemoryHigh",
          "memory.max", "MemoryMax",
          "memory.swap.max", "MemorySwapMax",
          "pids.max", "TasksMax");

  private void unified(String file, String value) {
    String property = UNIFIED.get(file);
    if (property != null) {
      add(property, number(file, value));
      return;
    }
    switch (file) {
      case "cpu.max" -> {
        String[] words = value.strip().split("\\s+");
        Optional<Long> period =
            words.length > 1 ? Optional.of(number(file, words[1])) : Optional.empty();
        quota(Optional.of(number(file, words[0])), period);
      }
      case "cpu.idle" -> {
        if (value.strip().equals("1") && version >= IDLE) {
          add("CPUWeight", 0);
        }
      }
      case "cpuset.cpus" -> processors("AllowedCPUs", Optional.of(value));
      case "cpuset.mems" -> processors("AllowedMemoryNodes", Optional.of(value));
      default -> {} // systemd has no property for it and leaves it alone
    }
  }

  private static long number(String file, String value) {
    if (value.strip().equals("max")) {
      return UnitProperty.INFINITY;
    }
    if (!value.strip().matches("[0-9]{1,18}")) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "unified resource \"%s\" value conversion error: '%s' is no number"
              .formatted(file, value));
    }
    return Long.parseLong(value.strip());
  }

  private static Optional<Long> set(Optional<Long> value) {
    return value.filter(each -> each != 0);
  }

  private void add(String name, long value) {
    properties.removeIf(each -> each.name().equals(name));
    properties.add(UnitProperty.of(name, value));
  }
}
