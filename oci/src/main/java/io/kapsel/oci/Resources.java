package io.kapsel.oci;

import io.kapsel.base.JsonName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Limits of a container; see cgroups(7). */
public record Resources(
    List<DeviceRule> devices,
    Optional<Memory> memory,
    Optional<Cpu> cpu,
    Optional<Pids> pids,
    @JsonName("blockIO") Optional<BlockIo> blockIo,
    List<HugepageLimit> hugepageLimits,
    Optional<Network> network,
    Map<String, Rdma> rdma,
    Map<String, String> unified) {
  /** Copies the collections. */
  public Resources {
    devices = List.copyOf(devices);
    hugepageLimits = List.copyOf(hugepageLimits);
    rdma = Map.copyOf(rdma);
    unified = Map.copyOf(unified);
    for (String file : unified.keySet()) {
      Check.that(
          !file.contains("/") && file.contains("."), "linux.resources.unified", file, "is no file");
    }
  }

  /** Without any limit. */
  public static Resources none() {
    return new Resources(
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Map.of(),
        Map.of());
  }

  /** Whether a kind of device may be used; the last rule that fits decides. */
  public record DeviceRule(
      boolean allow,
      Optional<String> type,
      Optional<Long> major,
      Optional<Long> minor,
      Optional<String> access) {
    private static final Set<String> TYPES = Set.of("a", "b", "c", "u", "p");

    /** Checks each part; an empty type is as if absent. */
    public DeviceRule {
      type = type.filter(text -> !text.isEmpty());
      type.ifPresent(text ->
          Check.that(
              TYPES.contains(text),
              "linux.resources.devices[].type",
              text,
              "is not a, b, c, u or p"));
      access.ifPresent(text ->
          Check.that(
              text.chars().allMatch(c -> "rwma".indexOf(c) >= 0),
              "linux.resources.devices[].access",
              text,
              "has letters other than r, w, m, a"));
    }
  }

  /** Limits of memory in bytes; -1: none. */
  public record Memory(
      Optional<Long> limit,
      Optional<Long> reservation,
      Optional<Long> swap,
      Optional<Long> kernel,
      @JsonName("kernelTCP") Optional<Long> kernelTcp,
      Optional<Long> swappiness,
      @JsonName("disableOOMKiller") Optional<Boolean> disableOomKiller,
      Optional<Boolean> useHierarchy,
      Optional<Boolean> checkBeforeUpdate) {}

  /** Shares and limits of processors. */
  public record Cpu(
      Optional<Long> shares,
      Optional<Long> quota,
      Optional<Long> burst,
      Optional<Long> period,
      Optional<Long> realtimeRuntime,
      Optional<Long> realtimePeriod,
      Optional<String> cpus,
      Optional<String> mems,
      Optional<Long> idle) {}

  /** How many tasks there may be; less than 0: any number. */
  public record Pids(Optional<Long> limit) {}

  /** Weights and limits of block devices. */
  public record BlockIo(
      Optional<Integer> weight,
      Optional<Integer> leafWeight,
      List<WeightDevice> weightDevice,
      List<ThrottleDevice> throttleReadBpsDevice,
      List<ThrottleDevice> throttleWriteBpsDevice,
      @JsonName("throttleReadIOPSDevice") List<ThrottleDevice> throttleReadIopsDevice,
      @JsonName("throttleWriteIOPSDevice") List<ThrottleDevice> throttleWriteIopsDevice) {
    /** Copies the lists. */
    public BlockIo {
      weightDevice = List.copyOf(weightDevice);
      throttleReadBpsDevice = List.copyOf(throttleReadBpsDevice);
      throttleWriteBpsDevice = List.copyOf(throttleWriteBpsDevice);
      throttleReadIopsDevice = List.copyOf(throttleReadIopsDevice);
      throttleWriteIopsDevice = List.copyOf(throttleWriteIopsDevice);
    }
  }

  /** The weight of one block device. */
  public record WeightDevice(
      long major, long minor, Optional<Integer> weight, Optional<Integer> leafWeight) {}

  /** A rate of one block device. */
  public record ThrottleDevice(long major, long minor, long rate) {}

  /** A limit of huge pages of one size, such as {@code 2MB}. */
  public record HugepageLimit(String pageSize, long limit) {}

  /** Class and priorities of the container's packets. */
  public record Network(
      @JsonName("classID") Optional<Long> classId, List<InterfacePriority> priorities) {
    /** Copies the list. */
    public Network {
      priorities = List.copyOf(priorities);
    }
  }

  /** The priority of packets that leave through one interface. */
  public record InterfacePriority(String name, long priority) {}

  /** Limits of an RDMA device. */
  public record Rdma(Optional<Long> hcaHandles, Optional<Long> hcaObjects) {}
}
