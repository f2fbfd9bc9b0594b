package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.cgroup.CgroupWrite;
import io.kapsel.linux.device.DeviceFilter;
import io.kapsel.linux.device.DeviceRule;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Input;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Control groups: made and filled before the init half exists, which is then born in the version 2
 * one and moves itself into the others.
 *
 * <p>Nothing is ever written to cgroup.procs: that would wait for a grace period of ten
 * milliseconds; docs/decisions says more.
 */
final class CgroupPlanner {
  /** What belongs to whoever a group is handed to, "Delegation" in the kernel's cgroup-v2.rst. */
  private static final List<String> DELEGATED =
      List.of(
          "cgroup.procs",
          "cgroup.threads",
          "cgroup.subtree_control",
          "memory.oom.group",
          "memory.reclaim");

  private static final int PROGRAM_ATTACH = 8;
  private static final int CGROUP_DEVICE_HOOK = 6;
  private static final int ALLOW_MULTI = 2;

  /** The compiled rules that are in use; there are few. */
  private static final Map<List<DeviceRule>, byte[]> PROGRAMS = new ConcurrentHashMap<>();

  private static final int MOST_PROGRAMS = 64;

  private final Draft draft;
  private final CgroupHost host;
  private final CgroupPlace place;
  private final Map<String, Slot> directories = new LinkedHashMap<>();
  private final List<Slot> tasks = new ArrayList<>();

  CgroupPlanner(Draft draft, CgroupHost host, CgroupPlace place) {
    this.draft = draft;
    this.host = host;
    this.place = place;
  }

  /** Makes groups of version 1 for what is to be counted, whether it is limited or not. */
  void count(List<String> controllers) {
    controllers.stream()
        .filter(each -> !host.onUnified(each) && place.has(v1(each)))
        .forEach(each -> directory(v1(each), "what it uses is counted there"));
  }

  /** Makes the groups, and returns the version 2 one, if the host has that tree. */
  Optional<Slot> make(List<CgroupWrite> writes, List<DeviceRule> devices, boolean filtered) {
    Optional<Slot> unified =
        host.unified()
            .filter(_ -> place.has(CgroupPlace.UNIFIED))
            .map(_ -> directory(CgroupPlace.UNIFIED, "born, killed and frozen there"));
    if (place.everywhere()) {
      place.hierarchies().forEach(name -> directory(name, "whoever asks for it finds it there"));
    }
    for (CgroupWrite write : writes) {
      requirePlace(write);
      Slot directory =
          host.onUnified(write.controller())
              ? unified.orElseThrow()
              : directory(v1(write.controller()), "limits are set there");
      String why = place.everywhere() ? "limit " + write.file() : "limits " + write.controller();
      if (write.optional()) {
        putIfThere(directory, write, why);
      } else {
        draft.put(draft.monitor, directory, write.file(), write.value(), why);
      }
    }
    if (filtered) {
      filterDevices(unified, devices);
    }
    for (Map.Entry<String, Slot> each : directories.entrySet()) {
      if (!each.getKey().equals(CgroupPlace.UNIFIED)) {
        openTasks(each.getKey(), each.getValue());
      }
    }
    return unified;
  }

  /** A limit that nobody holds is no limit. */
  private void requirePlace(CgroupWrite write) {
    String hierarchy =
        host.onUnified(write.controller()) ? CgroupPlace.UNIFIED : v1(write.controller());
    if (!place.has(hierarchy)) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "rootless needs no limits + no cgrouppath when no permission is granted for cgroups:"
              + " cannot set %s limit: container could not join or create cgroup"
                  .formatted(write.controller()));
    }
  }

  /** Lets an init inside have groups below; the limits of the group itself stay the host's. */
  void delegate(Slot group, long uid, long gid) {
    String why = "its init makes groups of its own below";
    own(group, "", uid, gid, Flag.EMPTY_PATH, why);
    DELEGATED.forEach(
        file -> own(group, file, uid, gid, Flag.NO_FOLLOW, why).tolerating(Errno.ENOENT));
  }

  private Step own(Slot group, String file, long uid, long gid, Value.Constant flags, String why) {
    return draft
        .monitor
        .call(
            Syscall.FCHOWNAT,
            Value.of(group),
            Value.text(file),
            Value.of(uid),
            Value.of(gid),
            flags)
        .because(why);
  }

  private void putIfThere(Slot directory, CgroupWrite write, String why) {
    Slot file = draft.slots.sharedBy("file");
    draft
        .monitor
        .call(
            Syscall.OPENAT,
            Value.of(directory),
            Value.text(write.file()),
            Flag.WRITE_PRIVATELY,
            Flag.ZERO)
        .into(file)
        .tolerating(Errno.ENOENT)
        .elseSkipping(2)
        .because(why);
    draft.write(draft.monitor, file, write.value(), why);
    draft.close(draft.monitor, file);
  }

  private void filterDevices(Optional<Slot> unified, List<DeviceRule> devices) {
    if (unified.isPresent()) {
      if (PROGRAMS.size() > MOST_PROGRAMS) {
        PROGRAMS.clear();
      }
      attachFilter(unified.get(), PROGRAMS.computeIfAbsent(devices, DeviceFilter::compile));
    } else if (host.has("devices")) {
      Slot directory = directory("devices", "device nodes are refused there");
      for (DeviceRule rule : devices) {
        draft.put(
            draft.monitor,
            directory,
            rule.allow() ? "devices.allow" : "devices.deny",
            rule.line(),
            "which devices may be opened");
      }
    }
  }

  private void attachFilter(Slot group, byte[] program) {
    String why = "which devices may be opened";
    Slot loaded =
        draft.input(
            Input.Kind.DEVICE_PROGRAM, HexFormat.of().formatHex(program), "device_filter", why);
    Blob attach =
        Blob.words(
            "{CGROUP_DEVICE, BPF_F_ALLOW_MULTI}", 0, CGROUP_DEVICE_HOOK | (long) ALLOW_MULTI << 32);
    draft.poke(draft.monitor, attach, 0, group, 4);
    draft.poke(draft.monitor, attach, 4, loaded, 4);
    draft
        .monitor
        .call(
            Syscall.BPF,
            Value.named("BPF_PROG_ATTACH", PROGRAM_ATTACH),
            Value.at(attach),
            Value.of(16))
        .because(why);
  }

  private String v1(String controller) {
    return controller.equals("io") ? "blkio" : controller;
  }

  /** Controllers that are mounted together are one hierarchy, found by its parent. */
  private Slot directory(String name, String why) {
    Path parent = place.parent(name);
    String group = place.leaf();
    return directories.computeIfAbsent(
        first(name),
        _ -> {
          String suffix = place.everywhere() ? "_parent" : "_kapsel";
          Slot above = draft.input(Input.Kind.DIRECTORY, parent.toString(), name + suffix, why);
          Slot slot = draft.slots.take(name + "_cgroup");
          draft
              .monitor
              .call(Syscall.MKDIRAT, Value.of(above), Value.text(group), Value.mode(0755))
              .because("a control group of its own: " + why)
              .tolerating(Errno.EEXIST);
          draft
              .monitor
              .call(
                  Syscall.OPENAT,
                  Value.of(above),
                  Value.text(group),
                  Value.all(Flag.DIRECTORY, Flag.CLOSE_ON_EXEC),
                  Flag.ZERO)
              .into(slot)
              .because("a control group of its own: " + why);
          if (place.everywhere() && name.equals("cpuset")) {
            inheritProcessors(above, slot);
          }
          return slot;
        });
  }

  private String first(String name) {
    Path parent = place.parent(name);
    return place.hierarchies().stream()
        .filter(each -> place.parent(each).equals(parent))
        .findFirst()
        .orElse(name);
  }

  /** A new group of version 1 has no processors at all; it gets those of the one above it. */
  private void inheritProcessors(Slot above, Slot directory) {
    for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
      String why = "without processors and memory nodes nothing could run in it";
      Blob own = Blob.room(8, "own");
      Slot count = draft.slots.sharedBy("count");
      read(directory, file, own, 8, count, why);
      draft
          .monitor
          .act(
              Step.Op.EXPECT,
              Value.of(count),
              Value.of(1),
              Value.named("~0", -1),
              Value.named("EEXIST", Errno.EEXIST.number()))
          .because("it is not set yet")
          .tolerating(Errno.EEXIST)
          .elseSkipping(6);
      Blob inherited = Blob.room(4096, "above");
      read(above, file, inherited, 4096, count, why);
      Slot slot = draft.slots.sharedBy("file");
      draft
          .monitor
          .call(
              Syscall.OPENAT,
              Value.of(directory),
              Value.text(file),
              Flag.WRITE_PRIVATELY,
              Flag.ZERO)
          .into(slot)
          .because(why);
      draft
          .monitor
          .call(Syscall.WRITE, Value.of(slot), Value.at(inherited), Value.of(count))
          .because(why);
      draft.close(draft.monitor, slot);
    }
  }

  private void read(Slot directory, String file, Blob room, int size, Slot count, String why) {
    Slot slot = draft.slots.sharedBy("file");
    draft
        .monitor
        .call(Syscall.OPENAT, Value.of(directory), Value.text(file), Flag.READ_PRIVATELY, Flag.ZERO)
        .into(slot)
        .because(why);
    draft
        .monitor
        .call(Syscall.READ, Value.of(slot), Value.at(room), Value.of(size))
        .into(count)
        .because(why);
    draft.close(draft.monitor, slot);
  }

  private void openTasks(String name, Slot directory) {
    Slot slot = draft.slots.take(name + "_tasks");
    draft
        .monitor
        .call(
            Syscall.OPENAT,
            Value.of(directory),
            Value.text("tasks"),
            Value.all(Flag.WRITE, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(slot)
        .because("for the init half to move itself");
    tasks.add(slot);
  }

  /** For an init half that was there before its groups were opened. */
  void handOver() {
    List<Slot> passed =
        draft.handOver(draft.monitor, draft.init, tasks, "where it moves itself to");
    tasks.clear();
    tasks.addAll(passed);
  }

  /** In the init half, which has one thread: the kernel then takes no lock. */
  void join(Steps init) {
    for (Slot slot : tasks) {
      draft.write(init, slot, "0", "moves itself into its control group");
      draft.close(init, slot);
    }
  }
}
