package io.kapsel.runtime;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.cgroup.CgroupWrite;
import io.kapsel.linux.cgroup.CpuLimits;
import io.kapsel.linux.cgroup.NumberList;
import io.kapsel.oci.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The limits of a configuration as writes to control groups, of version 2 where the controller is
 * there, else of version 1 (runtime-spec, config-linux.md, "Control groups"). What a host's version
 * does not have is refused by the name of the property; zero is as if absent, as in the formats'
 * own language.
 */
final class WrittenLimits {
  private static final long USUAL_PERIOD = 100_000;

  private final CgroupHost host;
  private final List<CgroupWrite> writes = new ArrayList<>();

  private WrittenLimits(CgroupHost host) {
    this.host = host;
  }

  static List<CgroupWrite> of(Resources resources, CgroupHost host) {
    WrittenLimits limits = new WrittenLimits(host);
    resources.memory().ifPresent(limits::memory);
    resources.cpu().ifPresent(limits::cpu);
    resources.pids().flatMap(Resources.Pids::limit).ifPresent(limits::pids);
    resources.blockIo().ifPresent(io -> new WrittenIoLimits(host, limits.writes).add(io));
    resources.hugepageLimits().forEach(limits::hugePages);
    resources.network().ifPresent(limits::network);
    new TreeMap<>(resources.rdma()).forEach(limits::rdma);
    new TreeMap<>(resources.unified()).forEach(limits::unified);
    return List.copyOf(limits.writes);
  }

  private void memory(Resources.Memory memory) {
    Optional<Long> limit = number(memory.limit());
    Optional<Long> swap = number(memory.swap());
    if (limit.filter(bytes -> bytes == -1).isPresent() && swap.isEmpty()) {
      swap = Optional.of(-1L); // without a limit there is none for both together either
    }
    boolean never = memory.disableOomKiller().orElse(false);
    Optional<Long> reservation = number(memory.reservation());
    if (limit.isEmpty()
        && swap.isEmpty()
        && reservation.isEmpty()
        && memory.swappiness().isEmpty()
        && !never) {
      return;
    }
    require("memory", "memory");
    checkSwap(limit, swap);
    if (host.onUnified("memory")) {
      refuse(never, "memory.disableOOMKiller");
      refuse(memory.swappiness().isPresent(), "memory.swappiness");
      limit.ifPresent(bytes -> add("memory", "memory.max", max(bytes)));
      swap.ifPresent(both -> add("memory", "memory.swap.max", max(swapAlone(limit, both))));
      reservation.ifPresent(bytes -> add("memory", "memory.low", max(bytes)));
      return;
    }
    limit.ifPresent(bytes -> add("memory", "memory.limit_in_bytes", bytes));
    boolean unlimited = swap.filter(both -> both == -1).isPresent();
    swap.ifPresent(both ->
        writes.add(
            new CgroupWrite(
                "memory", "memory.memsw.limit_in_bytes", Long.toString(both), unlimited)));
    reservation.ifPresent(bytes -> add("memory", "memory.soft_limit_in_bytes", bytes));
    memory
        .swappiness()
        .ifPresent(value -> {
          if (value < 0 || value > 100) {
            throw invalid("invalid memory swappiness value: " + value + " (valid range is 0-100)");
          }
          add("memory", "memory.swappiness", value);
        });
    if (never) {
      add("memory", "memory.oom_control", 1);
    }
  }

  private static void checkSwap(Optional<Long> limit, Optional<Long> swap) {
    long both = swap.orElse(-1L);
    if (both == -1) {
      return;
    }
    if (limit.filter(bytes -> bytes > 0).isEmpty()) {
      throw invalid("unable to set swap limit without memory limit");
    }
    if (both < limit.get()) {
      throw invalid("memory+swap limit should be >= memory limit");
    }
  }

  /** Version 2 counts swap by itself. */
  private static long swapAlone(Optional<Long> limit, long both) {
    return both == -1 ? -1 : both - limit.orElse(0L);
  }

  private void cpu(Resources.Cpu cpu) {
    number(cpu.shares()).ifPresent(this::shares);
    cpu.idle().ifPresent(idle -> add(require("cpu", "cpu.idle"), "cpu.idle", idle));
    time(cpu);
    realtime(cpu);
    text(cpu.cpus())
        .ifPresent(list -> {
          NumberList.parse("cpus", list);
          add(require("cpuset", "cpu.cpus"), "cpuset.cpus", list);
        });
    text(cpu.mems())
        .ifPresent(list -> {
          NumberList.parse("memory nodes", list);
          add(require("cpuset", "cpu.mems"), "cpuset.mems", list);
        });
  }

  private void shares(long shares) {
    require("cpu", "cpu.shares");
    if (host.onUnified("cpu")) {
      add("cpu", "cpu.weight", CpuLimits.weightOf(shares));
    } else {
      add("cpu", "cpu.shares", shares);
    }
  }

  private void time(Resources.Cpu cpu) {
    Optional<Long> quota = number(cpu.quota());
    Optional<Long> period = number(cpu.period());
    if (quota.isEmpty() && period.isEmpty() && cpu.burst().isEmpty()) {
      return;
    }
    require("cpu", "cpu.quota");
    if (host.onUnified("cpu")) {
      if (quota.isPresent() || period.isPresent()) {
        String most = quota.filter(each -> each > 0).map(each -> each.toString()).orElse("max");
        add("cpu", "cpu.max", most + " " + period.orElse(USUAL_PERIOD));
      }
      cpu.burst().ifPresent(burst -> add("cpu", "cpu.max.burst", burst));
      return;
    }
    period.ifPresent(value -> add("cpu", "cpu.cfs_period_us", value));
    quota.ifPresent(value -> add("cpu", "cpu.cfs_quota_us", value));
    cpu.burst().ifPresent(burst -> add("cpu", "cpu.cfs_burst_us", burst));
  }

  private void realtime(Resources.Cpu cpu) {
    Optional<Long> runtime = number(cpu.realtimeRuntime());
    Optional<Long> period = number(cpu.realtimePeriod());
    if (runtime.isEmpty() && period.isEmpty()) {
      return;
    }
    require("cpu", "cpu.realtimeRuntime");
    refuse(host.onUnified("cpu"), "cpu.realtimeRuntime");
    period.ifPresent(value -> add("cpu", "cpu.rt_period_us", value));
    runtime.ifPresent(value -> add("cpu", "cpu.rt_runtime_us", value));
  }

  private void pids(long most) {
    if (most <= 0 && !host.has("pids")) {
      return; // callers write 0 for no limit, too, and without a controller there is none
    }
    // Nothing runs without a process, so the smallest limit that can be held is one.
    add(require("pids", "pids"), "pids.max", max(most == 0 ? 1 : most));
  }

  private void hugePages(Resources.HugepageLimit each) {
    String controller = require("hugetlb", "hugepageLimits");
    if (!each.pageSize().matches("[0-9]+[KMG]B")) {
      throw invalid("'linux.resources.hugepageLimits' has no size: '" + each.pageSize() + "'");
    }
    String value = Long.toUnsignedString(each.limit());
    String name = "hugetlb." + each.pageSize();
    String end = host.onUnified(controller) ? ".max" : ".limit_in_bytes";
    add(controller, name + end, value);
    writes.add(new CgroupWrite(controller, name + ".rsvd" + end, value, true));
  }

  private void network(Resources.Network network) {
    number(network.classId())
        .ifPresent(id -> {
          require("net_cls", "network.classID");
          add("net_cls", "net_cls.classid", id);
        });
    for (Resources.InterfacePriority each : network.priorities()) {
      require("net_prio", "network.priorities");
      add("net_prio", "net_prio.ifpriomap", each.name() + " " + each.priority());
    }
  }

  private void rdma(String device, Resources.Rdma limits) {
    StringBuilder line = new StringBuilder(device);
    limits.hcaHandles().ifPresent(value -> line.append(" hca_handle=").append(value));
    limits.hcaObjects().ifPresent(value -> line.append(" hca_object=").append(value));
    add(require("rdma", "rdma"), "rdma.max", line.toString());
  }

  private void unified(String file, String value) {
    String controller = file.substring(0, file.indexOf('.'));
    if (!file.matches("[a-z]+(\\.[A-Za-z0-9_]+)+")) {
      throw invalid("'linux.resources.unified' has no file '" + file + "'");
    }
    boolean core = controller.equals("cgroup") && host.unified().isPresent();
    if (!core && !host.onUnified(controller)) {
      throw invalid(
          "invalid configuration: 'linux.resources.unified' sets '%s', but this host has no '%s' controller in its version 2 tree"
              .formatted(file, controller));
    }
    add(controller, file, value);
  }

  private String require(String controller, String property) {
    return require(host, controller, property);
  }

  static String require(CgroupHost host, String controller, String property) {
    if (!host.has(controller)) {
      throw invalid(
          "'linux.resources.%s' cannot be honoured: this host has no '%s' controller"
              .formatted(property, controller));
    }
    return controller;
  }

  private static void refuse(boolean wanted, String property) {
    if (wanted) {
      throw invalid(
          "'linux.resources.%s' cannot be honoured: control groups of version 2 do not have it"
              .formatted(property));
    }
  }

  static LaunchException invalid(String why) {
    return new LaunchException(LaunchException.Kind.REFUSED, why);
  }

  private static Optional<Long> number(Optional<Long> value) {
    return value.filter(each -> each != 0);
  }

  private static Optional<String> text(Optional<String> value) {
    return value.filter(each -> !each.isEmpty());
  }

  private void add(String controller, String file, long value) {
    add(controller, file, Long.toString(value));
  }

  private void add(String controller, String file, String value) {
    writes.add(new CgroupWrite(controller, file, value));
  }

  private static String max(long value) {
    return value < 0 ? "max" : Long.toString(value);
  }
}
