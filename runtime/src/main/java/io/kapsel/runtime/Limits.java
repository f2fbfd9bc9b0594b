package io.kapsel.runtime;

import io.kapsel.linux.cgroup.CgroupLimits;
import io.kapsel.linux.cgroup.CpuLimits;
import io.kapsel.linux.cgroup.IoLimits;
import io.kapsel.linux.cgroup.MemoryLimits;
import io.kapsel.oci.Resources;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/** What a configuration says about resources, in the words of control groups. */
final class Limits {
  private Limits() {}

  /** The limits; more processors than the host has are refused. */
  static CgroupLimits of(Resources resources, int processors) {
    CpuLimits cpu = resources.cpu().map(Limits::cpu).orElse(CpuLimits.NONE);
    cpu.requireProcessors(processors);
    Map<String, Long> hugePages = new TreeMap<>();
    resources.hugepageLimits().forEach(each -> hugePages.put(each.pageSize(), each.limit()));
    return new CgroupLimits(
        resources.memory().map(Limits::memory).orElse(MemoryLimits.NONE),
        cpu,
        resources.blockIo().map(Limits::io).orElse(IoLimits.NONE),
        number(resources.pids().flatMap(Resources.Pids::limit)),
        hugePages,
        resources.unified());
  }

  /** In the specification 0 is as if a limit were absent. */
  private static MemoryLimits memory(Resources.Memory memory) {
    return new MemoryLimits(
        number(memory.limit().filter(each -> each != 0)),
        number(memory.swap().filter(each -> each != 0)),
        number(memory.reservation().filter(each -> each != 0)),
        memory
            .swappiness()
            .map(each -> OptionalInt.of((int) Math.min(each, Integer.MAX_VALUE)))
            .orElse(OptionalInt.empty()),
        memory.disableOomKiller().orElse(false));
  }

  private static CpuLimits cpu(Resources.Cpu cpu) {
    return new CpuLimits(
        number(cpu.quota()),
        number(cpu.period()),
        number(cpu.burst()),
        number(cpu.shares()),
        cpu.idle().orElse(0L) == 1,
        cpu.cpus().filter(each -> !each.isEmpty()),
        cpu.mems().filter(each -> !each.isEmpty()));
  }

  private static IoLimits io(Resources.BlockIo io) {
    List<IoLimits.DeviceRate> rates = new ArrayList<>();
    add(rates, IoLimits.Kind.READ_BYTES, io.throttleReadBpsDevice());
    add(rates, IoLimits.Kind.WRITE_BYTES, io.throttleWriteBpsDevice());
    add(rates, IoLimits.Kind.READ_OPERATIONS, io.throttleReadIopsDevice());
    add(rates, IoLimits.Kind.WRITE_OPERATIONS, io.throttleWriteIopsDevice());
    List<IoLimits.DeviceWeight> weights =
        io.weightDevice().stream()
            .filter(each -> each.weight().isPresent())
            .map(each ->
                new IoLimits.DeviceWeight(each.major(), each.minor(), each.weight().orElseThrow()))
            .toList();
    Optional<Integer> weight = io.weight().filter(each -> each != 0);
    return new IoLimits(weight.map(OptionalInt::of).orElse(OptionalInt.empty()), weights, rates);
  }

  private static void add(
      List<IoLimits.DeviceRate> rates, IoLimits.Kind kind, List<Resources.ThrottleDevice> devices) {
    for (Resources.ThrottleDevice each : devices) {
      rates.add(new IoLimits.DeviceRate(kind, each.major(), each.minor(), each.rate()));
    }
  }

  private static OptionalLong number(Optional<Long> value) {
    return value.map(OptionalLong::of).orElse(OptionalLong.empty());
  }
}
