package io.kapsel.ocicli;

import io.kapsel.oci.Linux;
import io.kapsel.oci.Resources;
import io.kapsel.oci.Spec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * New limits over those that a container has: what is not named stays as it was, also inside one
 * kind, since limits such as a quota and its period only mean something together.
 *
 * @param changed what is named, with what belongs to it
 * @param all every limit there is from now on
 */
record Update(Resources changed, Resources all) {
  static Update of(Resources old, Resources wanted) {
    Optional<Resources.Memory> memory = wanted.memory().map(each -> memory(old.memory(), each));
    Optional<Resources.Cpu> cpu = wanted.cpu().map(each -> cpu(old.cpu(), each));
    Resources whole = with(wanted, memory, cpu);
    Resources changed =
        with(
            wanted,
            memory.map(each -> changed(wanted.memory().orElseThrow(), each)),
            cpu.map(each -> changed(wanted.cpu().orElseThrow(), each)));
    return new Update(changed, together(old, whole));
  }

  private static Resources with(
      Resources wanted, Optional<Resources.Memory> memory, Optional<Resources.Cpu> cpu) {
    return new Resources(
        wanted.devices(),
        memory,
        cpu,
        wanted.pids().filter(each -> each.limit().isPresent()),
        wanted.blockIo(),
        wanted.hugepageLimits(),
        wanted.network(),
        wanted.rdma(),
        wanted.unified());
  }

  /** Of both together only what is named, and the limits that have a meaning only with it. */
  private static Resources.Memory changed(Resources.Memory wanted, Resources.Memory whole) {
    boolean limits = number(wanted.limit()).or(() -> number(wanted.swap())).isPresent();
    return new Resources.Memory(
        limits ? whole.limit() : Optional.empty(),
        wanted.reservation(),
        limits ? whole.swap() : Optional.empty(),
        wanted.kernel(),
        wanted.kernelTcp(),
        wanted.swappiness(),
        wanted.disableOomKiller(),
        wanted.useHierarchy(),
        wanted.checkBeforeUpdate());
  }

  private static Resources.Cpu changed(Resources.Cpu wanted, Resources.Cpu whole) {
    boolean time = number(wanted.quota()).or(() -> number(wanted.period())).isPresent();
    boolean realtime =
        number(wanted.realtimeRuntime()).or(() -> number(wanted.realtimePeriod())).isPresent();
    return new Resources.Cpu(
        wanted.shares(),
        time ? whole.quota() : Optional.empty(),
        wanted.burst(),
        time ? whole.period() : Optional.empty(),
        realtime ? whole.realtimeRuntime() : Optional.empty(),
        realtime ? whole.realtimePeriod() : Optional.empty(),
        wanted.cpus(),
        wanted.mems(),
        wanted.idle());
  }

  private static Resources together(Resources old, Resources changed) {
    return new Resources(
        or(changed.devices(), old.devices()),
        changed.memory().or(old::memory),
        changed.cpu().or(old::cpu),
        changed.pids().or(old::pids),
        changed.blockIo().map(each -> blockIo(old.blockIo(), each)).or(old::blockIo),
        hugePages(old.hugepageLimits(), changed.hugepageLimits()),
        changed.network().or(old::network),
        or(old.rdma(), changed.rdma()),
        or(old.unified(), changed.unified()));
  }

  private static Resources.Memory memory(
      Optional<Resources.Memory> stored, Resources.Memory wanted) {
    Resources.Memory old = stored.orElse(wanted);
    // What cannot be limited without memory is not limited any longer.
    boolean unlimited = number(wanted.limit()).filter(each -> each == -1).isPresent();
    return new Resources.Memory(
        number(wanted.limit()).or(old::limit),
        number(wanted.reservation()).or(old::reservation),
        number(wanted.swap()).or(() -> unlimited ? Optional.of(-1L) : old.swap()),
        number(wanted.kernel()).or(old::kernel),
        number(wanted.kernelTcp()).or(old::kernelTcp),
        wanted.swappiness().or(old::swappiness),
        wanted.disableOomKiller().or(old::disableOomKiller),
        wanted.useHierarchy().or(old::useHierarchy),
        wanted.checkBeforeUpdate().or(old::checkBeforeUpdate));
  }

  private static Resources.Cpu cpu(Optional<Resources.Cpu> stored, Resources.Cpu wanted) {
    Resources.Cpu old = stored.orElse(wanted);
    return new Resources.Cpu(
        number(wanted.shares()).or(old::shares),
        number(wanted.quota()).or(old::quota),
        wanted.burst().or(old::burst),
        number(wanted.period()).or(old::period),
        number(wanted.realtimeRuntime()).or(old::realtimeRuntime),
        number(wanted.realtimePeriod()).or(old::realtimePeriod),
        text(wanted.cpus()).or(old::cpus),
        text(wanted.mems()).or(old::mems),
        wanted.idle().or(old::idle));
  }

  private static Resources.BlockIo blockIo(
      Optional<Resources.BlockIo> stored, Resources.BlockIo wanted) {
    Resources.BlockIo old = stored.orElse(wanted);
    return new Resources.BlockIo(
        wanted.weight().filter(each -> each != 0).or(old::weight),
        wanted.leafWeight().filter(each -> each != 0).or(old::leafWeight),
        or(wanted.weightDevice(), old.weightDevice()),
        or(wanted.throttleReadBpsDevice(), old.throttleReadBpsDevice()),
        or(wanted.throttleWriteBpsDevice(), old.throttleWriteBpsDevice()),
        or(wanted.throttleReadIopsDevice(), old.throttleReadIopsDevice()),
        or(wanted.throttleWriteIopsDevice(), old.throttleWriteIopsDevice()));
  }

  private static List<Resources.HugepageLimit> hugePages(
      List<Resources.HugepageLimit> old, List<Resources.HugepageLimit> changed) {
    List<Resources.HugepageLimit> all = new ArrayList<>(old);
    for (Resources.HugepageLimit each : changed) {
      all.removeIf(other -> other.pageSize().equals(each.pageSize()));
      all.add(each);
    }
    return all;
  }

  /** In the formats' own language zero is as if absent. */
  private static Optional<Long> number(Optional<Long> value) {
    return value.filter(each -> each != 0);
  }

  private static Optional<String> text(Optional<String> value) {
    return value.filter(each -> !each.isEmpty());
  }

  private static <T> List<T> or(List<T> first, List<T> otherwise) {
    return first.isEmpty() ? otherwise : first;
  }

  private static <T> Map<String, T> or(Map<String, T> old, Map<String, T> changed) {
    Map<String, T> all = new HashMap<>(old);
    all.putAll(changed);
    return all;
  }

  /** The configuration with all of its limits as they are from now on. */
  Spec applied(Spec spec) {
    return spec.withLinux(spec.linux().map((Linux linux) -> linux.withResources(all)));
  }
}
