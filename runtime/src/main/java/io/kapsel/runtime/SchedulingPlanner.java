package io.kapsel.runtime;

import io.kapsel.linux.Syscall;
import io.kapsel.linux.cgroup.CgroupException;
import io.kapsel.linux.cgroup.NumberList;
import io.kapsel.oci.Linux;
import io.kapsel.oci.Process;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * When, where and how soon a program gets processors, memory and disks; see sched_setattr(2),
 * ioprio_set(2), set_mempolicy(2), sched_setaffinity(2), personality(2).
 */
final class SchedulingPlanner {
  private static final int ATTRIBUTES = 48;
  private static final int CLASS_SHIFT = 13;
  private static final int LINUX_32 = 8;
  private static final int MOST_PROCESSORS = 8192; // CONFIG_NR_CPUS goes no further
  private static final Map<String, Integer> POLICIES =
      Map.of(
          "SCHED_OTHER", 0,
          "SCHED_FIFO", 1,
          "SCHED_RR", 2,
          "SCHED_BATCH", 3,
          "SCHED_ISO", 4,
          "SCHED_IDLE", 5,
          "SCHED_DEADLINE", 6);
  private static final Map<String, Integer> POLICY_FLAGS =
      Map.of(
          "SCHED_FLAG_RESET_ON_FORK", 1,
          "SCHED_FLAG_RECLAIM", 2,
          "SCHED_FLAG_DL_OVERRUN", 4,
          "SCHED_FLAG_KEEP_POLICY", 8,
          "SCHED_FLAG_KEEP_PARAMS", 0x10,
          "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20,
          "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40);
  private static final Map<String, Integer> CLASSES =
      Map.of("IOPRIO_CLASS_RT", 1, "IOPRIO_CLASS_BE", 2, "IOPRIO_CLASS_IDLE", 3);
  private static final Map<String, Integer> MODES =
      Map.of(
          "MPOL_DEFAULT", 0,
          "MPOL_PREFERRED", 1,
          "MPOL_BIND", 2,
          "MPOL_INTERLEAVE", 3,
          "MPOL_LOCAL", 4,
          "MPOL_PREFERRED_MANY", 5,
          "MPOL_WEIGHTED_INTERLEAVE", 6);
  private static final Map<String, Integer> MODE_FLAGS =
      Map.of(
          "MPOL_F_NUMA_BALANCING", 1 << 13,
          "MPOL_F_RELATIVE_NODES", 1 << 14,
          "MPOL_F_STATIC_NODES", 1 << 15);

  private static final Set<String> WITHOUT_NODES = Set.of("MPOL_DEFAULT", "MPOL_LOCAL");

  private final Draft draft;
  private final Process process;

  SchedulingPlanner(Draft draft, Process process) {
    this.draft = draft;
    this.process = process;
  }

  static List<String> memoryModes() {
    return MODES.keySet().stream().sorted().toList();
  }

  static List<String> memoryFlags() {
    return MODE_FLAGS.keySet().stream().sorted().toList();
  }

  /**
   * By the monitor, which may raise priorities where the program's own root may not.
   *
   * @param fewer whether it may not run on all processors, which deadlines cannot have
   */
  void planMonitor(Slot pid, boolean fewer) {
    process.scheduler().ifPresent(scheduler -> schedule(pid, scheduler, fewer));
    process
        .ioPriority()
        .ifPresent(priority -> {
          int kind = number(CLASSES, priority.scheduling(), "process.ioPriority.class");
          if (priority.priority() < 0 || priority.priority() > 7) {
            throw refuse("process.ioPriority.priority", Integer.toString(priority.priority()));
          }
          draft
              .monitor
              .call(
                  Syscall.IOPRIO_SET,
                  Value.named("IOPRIO_WHO_PROCESS", 1),
                  Value.of(pid),
                  Value.named(
                      priority.scheduling() + ":" + priority.priority(),
                      kind << CLASS_SHIFT | priority.priority()))
              .because("process.ioPriority");
        });
  }

  private void schedule(Slot pid, Process.Scheduler scheduler, boolean fewer) {
    boolean deadline = scheduler.policy().equals("SCHED_DEADLINE");
    ByteBuffer attributes =
        ByteBuffer.allocate(ATTRIBUTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(ATTRIBUTES)
            .putInt(number(POLICIES, scheduler.policy(), "process.scheduler.policy"))
            .putLong(bits(POLICY_FLAGS, scheduler.flags(), "process.scheduler.flags"))
            .putInt(scheduler.nice())
            .putInt(scheduler.priority())
            .putLong(scheduler.runtime())
            .putLong(scheduler.deadline())
            .putLong(scheduler.period());
    draft
        .monitor
        .call(
            Syscall.SCHED_SETATTR,
            Value.of(pid),
            Value.at(Blob.of(attributes.array(), "{" + scheduler.policy() + "}")),
            Flag.ZERO)
        .because(
            deadline && fewer
                ? "process scheduler can't be used together with AllowedCPUs"
                : "process.scheduler");
  }

  /** In the init half. */
  void planInit(Linux linux) {
    personality(draft.init, linux);
    linux.memoryPolicy().ifPresent(this::memory);
  }

  /** What the machine says that it is; every program of the container hears the same. */
  static void personality(Steps init, Linux linux) {
    linux
        .personality()
        .ifPresent(personality -> {
          if (!personality.flags().isEmpty()) {
            throw refuse("linux.personality.flags", personality.flags().toString());
          }
          int domain =
              number(
                  Map.of("LINUX", 0, "LINUX32", LINUX_32),
                  personality.domain(),
                  "linux.personality.domain");
          init.call(Syscall.PERSONALITY, Value.named("PER_" + personality.domain(), domain))
              .because("linux.personality");
        });
  }

  private void memory(Linux.MemoryPolicy policy) {
    String name = policy.mode().orElse("");
    Optional<Integer> known = Optional.ofNullable(MODES.get(name));
    int mode = known.orElseThrow(() -> invalid("mode", name)) | modeFlags(policy.flags());
    byte[] nodes = nodes(policy.nodes().filter(text -> !text.isEmpty()));
    if (WITHOUT_NODES.contains(name) && nodes.length > 0) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "memory policy mode requires 0 nodes but got " + BitSet.valueOf(nodes).cardinality());
    }
    String shown = "{" + policy.nodes().orElse("") + "}";
    draft
        .init
        .call(
            Syscall.SET_MEMPOLICY,
            Value.named(name, mode),
            nodes.length == 0 ? Flag.NULL : Value.at(Blob.of(nodes, shown)),
            Value.of(nodes.length == 0 ? 0 : nodes.length * 8L + 1))
        .because("linux.memoryPolicy");
  }

  private static int modeFlags(List<String> names) {
    int flags = 0;
    for (String name : names) {
      flags |= Optional.ofNullable(MODE_FLAGS.get(name)).orElseThrow(() -> invalid("flag", name));
    }
    return flags;
  }

  private static byte[] nodes(Optional<String> list) {
    try {
      return list.map(text -> mask("memory nodes", text)).orElse(new byte[0]);
    } catch (CgroupException e) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED, "invalid memory policy node: " + e.getMessage());
    }
  }

  private static LaunchException invalid(String what, String name) {
    return new LaunchException(
        LaunchException.Kind.REFUSED, "invalid memory policy " + what + ": '" + name + "'");
  }

  /** On which processors the process itself goes on. */
  static void bind(Draft draft, Steps steps, String list, String why) {
    byte[] mask = mask("processors", list);
    steps
        .call(
            Syscall.SCHED_SETAFFINITY,
            Flag.ZERO,
            Value.of(mask.length),
            Value.at(Blob.of(mask, "{" + list + "}")))
        .because(why);
  }

  /** On all processors that its control group allows, wherever the caller itself may run. */
  static void release(Steps steps) {
    byte[] all = new byte[MOST_PROCESSORS / Byte.SIZE];
    java.util.Arrays.fill(all, (byte) 0xff);
    steps
        .call(
            Syscall.SCHED_SETAFFINITY,
            Flag.ZERO,
            Value.of(all.length),
            Value.at(Blob.of(all, "{all}")))
        .because("on all processors of its control group")
        .toleratingAll();
  }

  private static byte[] mask(String what, String list) {
    return NumberList.parse(what, list).mask();
  }

  private static int bits(Map<String, Integer> known, Collection<String> names, String path) {
    return names.stream().mapToInt(name -> number(known, name, path)).reduce(0, (a, b) -> a | b);
  }

  private static int number(Map<String, Integer> known, String name, String path) {
    Integer number = known.get(name);
    if (number == null) {
      throw refuse(path, name);
    }
    return number;
  }

  private static LaunchException refuse(String path, String value) {
    return new LaunchException(
        LaunchException.Kind.REFUSED, "'" + path + "' is not known: '" + value + "'");
  }
}
