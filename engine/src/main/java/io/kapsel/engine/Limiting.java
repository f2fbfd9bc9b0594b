package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.Limits;
import io.kapsel.engine.spec.Ulimit;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Process;
import io.kapsel.oci.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Limits of control groups and of processes. */
final class Limiting {
  private static final long DEFAULT_PIDS = 2_048;
  private static final long PERIOD_MICROS = 100_000;
  private static final long NANOS = 1_000_000_000;
  private static final int MOST_DIGITS = 6;

  /** No limit, but a group that counts, which a host of version 1 has only where one is asked. */
  private static final Resources.Memory COUNTED =
      new Resources.Memory(
          Optional.of(-1L),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  private Limiting() {}

  static Resources compile(
      ContainerSpec spec, HostFacts facts, List<Resources.DeviceRule> devices) {
    Limits limits = spec.limits();
    checkProcessors(limits, facts);
    return new Resources(
        devices,
        memory(limits, spec.isSystem() && facts.cgroups().has("memory")),
        cpu(limits),
        pids(limits, facts),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Map.of(),
        Map.of());
  }

  /** A limit that nobody has asked for is left out where it could not be held. */
  private static Optional<Resources.Pids> pids(Limits limits, HostFacts facts) {
    Optional<Long> most =
        limits.pids().or(() -> Optional.of(DEFAULT_PIDS).filter(_ -> facts.cgroups().has("pids")));
    return most.map(each -> new Resources.Pids(Optional.of(each <= 0 ? -1 : each)));
  }

  /** The limits of what runs already. */
  static Resources update(ContainerSpec spec, String name, HostFacts facts) {
    try {
      return compile(spec, facts, List.of());
    } catch (Refusals.CompileException e) {
      throw new EngineException.Invalid("update", name, String.valueOf(e.getMessage()));
    }
  }

  private static void checkProcessors(Limits limits, HostFacts facts) {
    limits
        .nanoCpus()
        .filter(nanos -> nanos > facts.cpus() * NANOS)
        .ifPresent(_ -> {
          throw Refusals.invalid("this host has only %s processors", facts.cpus());
        });
    limits.cpusetCpus().ifPresent(set -> checkSet(set, "processor", facts.cpus() - 1));
    limits.cpusetMems().ifPresent(set -> checkSet(set, "memory node", lastMemoryNode()));
  }

  private static void checkSet(String set, String what, int last) {
    for (String number : set.split("[-,]", -1)) {
      if (number.length() > MOST_DIGITS || Integer.parseInt(number) > last) {
        throw Refusals.invalid("this host has no %s %s; the last is %s", what, number, last);
      }
    }
  }

  /** See cpuset(7); a kernel that knows no nodes has one. */
  private static int lastMemoryNode() {
    try {
      String nodes = Files.readString(Path.of("/sys/devices/system/node/has_memory")).strip();
      return Integer.parseInt(
          nodes.substring(Math.max(nodes.lastIndexOf('-'), nodes.lastIndexOf(',')) + 1));
    } catch (IOException | NumberFormatException _) {
      return 0;
    }
  }

  private static Optional<Resources.Memory> memory(Limits limits, boolean counted) {
    boolean never = limits.oomKillDisabled().orElse(false);
    if (limits.memory().isEmpty()
        && limits.memoryReservation().isEmpty()
        && limits.swappiness().isEmpty()
        && !never) {
      return counted ? Optional.of(COUNTED) : Optional.empty();
    }
    Optional<Long> swap = limits.memorySwap().or(() -> limits.memory().map(bytes -> 2 * bytes));
    return Optional.of(
        new Resources.Memory(
            limits.memory(),
            limits.memoryReservation(),
            swap,
            Optional.empty(),
            Optional.empty(),
            limits.swappiness(),
            never ? Optional.of(true) : Optional.empty(),
            Optional.empty(),
            Optional.empty()));
  }

  private static Optional<Resources.Cpu> cpu(Limits limits) {
    Optional<Long> quota =
        limits.nanoCpus().map(nanos -> nanos / (NANOS / PERIOD_MICROS)).or(limits::cpuQuota);
    Optional<Long> period = limits.cpuPeriod().or(() -> quota.map(_ -> PERIOD_MICROS));
    Optional<Long> shares = limits.cpuShares().filter(value -> value > 0);
    if (quota.isEmpty()
        && period.isEmpty()
        && shares.isEmpty()
        && limits.cpusetCpus().isEmpty()
        && limits.cpusetMems().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Resources.Cpu(
            shares,
            quota,
            Optional.empty(),
            period,
            Optional.empty(),
            Optional.empty(),
            limits.cpusetCpus(),
            limits.cpusetMems(),
            Optional.empty()));
  }

  static List<Process.Rlimit> rlimits(ContainerSpec spec, HostFacts facts) {
    List<Process.Rlimit> limits = new ArrayList<>();
    for (Ulimit limit : spec.ulimits()) {
      long most = facts.hardLimits().getOrDefault(limit.name(), -1L);
      if (Long.compareUnsigned(limit.hard(), most) > 0
          && !facts.bounding().contains(Capability.SYS_RESOURCE)) {
        throw Refusals.refused(
            "the limit of '%s' cannot be raised above %s without CAP_SYS_RESOURCE",
            limit.name(), most);
      }
      limits.add(new Process.Rlimit(limit.rlimit(), limit.soft(), limit.hard()));
    }
    return limits;
  }
}
