package io.kapsel.linux.cgroup;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What a container may use. What makes no sense is refused when it is made; what the host cannot
 * hold, by {@link #writes}.
 *
 * @param pids how many processes and threads, 0 or less: any number
 * @param hugePages bytes of huge pages by their size, such as {@code 2MB}
 * @param unified values for files of version 2 groups, taken as they are
 */
public record CgroupLimits(
    MemoryLimits memory,
    CpuLimits cpu,
    IoLimits io,
    OptionalLong pids,
    Map<String, Long> hugePages,
    Map<String, String> unified) {

  /** No limit. */
  public static final CgroupLimits NONE =
      new CgroupLimits(
          MemoryLimits.NONE,
          CpuLimits.NONE,
          IoLimits.NONE,
          OptionalLong.empty(),
          Map.of(),
          Map.of());

  /** Copies the maps and checks the names in them, which become names of files. */
  public CgroupLimits {
    hugePages = Map.copyOf(hugePages);
    unified = Map.copyOf(unified);
    for (String size : hugePages.keySet()) {
      if (!size.matches("[0-9]+[KMG]B")) {
        throw new CgroupException(
            "cannot limit huge pages of '" + size + "': it is not a size such as '2MB'");
      }
    }
    for (String file : unified.keySet()) {
      if (!file.matches("[a-z]+(\\.[A-Za-z0-9_]+)+")) {
        throw new CgroupException(
            "cannot set '" + file + "' of a control group: it is not a name such as 'memory.high'");
      }
    }
  }

  /** The writes that set them on the host, in order. */
  public List<CgroupWrite> writes(CgroupHost host) {
    List<CgroupWrite> writes = new ArrayList<>();
    memory.addTo(writes, host);
    cpu.addTo(writes, host);
    io.addTo(writes, host);
    addPids(writes, host);
    addHugePages(writes, host);
    addUnified(writes, host);
    return List.copyOf(writes);
  }

  /** Without a limit nothing is needed. */
  private void addPids(List<CgroupWrite> writes, CgroupHost host) {
    long most = pids.orElse(0);
    if (most > 0) {
      writes.add(new CgroupWrite(host.require("pids"), "pids.max", Long.toString(most)));
    }
  }

  private void addHugePages(List<CgroupWrite> writes, CgroupHost host) {
    for (Map.Entry<String, Long> each : new TreeMap<>(hugePages).entrySet()) {
      String controller = host.require("hugetlb");
      String end = host.onUnified(controller) ? ".max" : ".limit_in_bytes";
      writes.add(
          new CgroupWrite(
              controller, "hugetlb." + each.getKey() + end, each.getValue().toString()));
    }
  }

  private void addUnified(List<CgroupWrite> writes, CgroupHost host) {
    for (Map.Entry<String, String> each : new TreeMap<>(unified).entrySet()) {
      String file = each.getKey();
      String controller = file.substring(0, file.indexOf('.'));
      if (!controller.equals("cgroup") && !host.onUnified(controller)) {
        throw new CgroupException(
            "cannot set '%s': this host has no '%s' controller in its version 2 tree"
                .formatted(file, controller));
      }
      writes.add(new CgroupWrite(controller, file, each.getValue()));
    }
  }
}
