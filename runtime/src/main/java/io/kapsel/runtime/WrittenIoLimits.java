package io.kapsel.runtime;

import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.cgroup.CgroupWrite;
import io.kapsel.oci.Resources;
import io.kapsel.oci.Resources.BlockIo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Weights and rates of block devices as writes to control groups. */
final class WrittenIoLimits {
  private final CgroupHost host;
  private final List<CgroupWrite> writes;
  private final Map<String, StringBuilder> rates = new LinkedHashMap<>();

  WrittenIoLimits(CgroupHost host, List<CgroupWrite> writes) {
    this.host = host;
    this.writes = writes;
  }

  void add(BlockIo io) {
    Optional<Integer> weight = io.weight().filter(each -> each != 0);
    Optional<Integer> leaf = io.leafWeight().filter(each -> each != 0);
    boolean nothing =
        weight.isEmpty()
            && leaf.isEmpty()
            && io.weightDevice().isEmpty()
            && io.throttleReadBpsDevice().isEmpty()
            && io.throttleWriteBpsDevice().isEmpty()
            && io.throttleReadIopsDevice().isEmpty()
            && io.throttleWriteIopsDevice().isEmpty();
    if (nothing) {
      return;
    }
    WrittenLimits.require(host, "io", "blockIO");
    weight.ifPresent(this::check);
    leaf.ifPresent(this::check);
    if (host.onUnified("io")) {
      unified(io, weight, leaf);
    } else {
      legacy(io, weight, leaf);
    }
  }

  private void check(int weight) {
    if (weight < 10 || weight > 1000) {
      throw WrittenLimits.invalid(
          "'linux.resources.blockIO.weight' is not between 10 and 1000: '" + weight + "'");
    }
  }

  private void unified(BlockIo io, Optional<Integer> weight, Optional<Integer> leaf) {
    boolean leaves =
        leaf.isPresent()
            || io.weightDevice().stream().anyMatch(each -> each.leafWeight().isPresent());
    if (leaves) {
      throw WrittenLimits.invalid(
          "'linux.resources.blockIO.leafWeight' cannot be honoured: control groups of version 2 do"
              + " not have it");
    }
    weight.ifPresent(value -> put("io.weight", "default " + scaled(value)));
    for (Resources.WeightDevice each : io.weightDevice()) {
      each.weight()
          .ifPresent(
              value -> put("io.weight", each.major() + ":" + each.minor() + " " + scaled(value)));
    }
    rates("rbps", io.throttleReadBpsDevice());
    rates("wbps", io.throttleWriteBpsDevice());
    rates("riops", io.throttleReadIopsDevice());
    rates("wiops", io.throttleWriteIopsDevice());
    rates.values().forEach(line -> put("io.max", line.toString()));
  }

  private void rates(String key, List<Resources.ThrottleDevice> devices) {
    for (Resources.ThrottleDevice each : devices) {
      rates
          .computeIfAbsent(each.major() + ":" + each.minor(), device -> new StringBuilder(device))
          .append(' ')
          .append(key)
          .append('=')
          .append(each.rate() == 0 ? "max" : Long.toUnsignedString(each.rate()));
    }
  }

  /** 10 to 1000 as 1 to 10000. */
  private static long scaled(int weight) {
    return 1 + (weight - 10) * 9999L / 990;
  }

  /** The scheduler that knew {@code blkio.weight} left the kernel with Linux 5.0. */
  private void legacy(BlockIo io, Optional<Integer> weight, Optional<Integer> leaf) {
    weight.ifPresent(value -> put("blkio.bfq.weight", value.toString()));
    leaf.ifPresent(value -> put("blkio.leaf_weight", value.toString()));
    for (Resources.WeightDevice each : io.weightDevice()) {
      String device = each.major() + ":" + each.minor() + " ";
      each.weight().ifPresent(value -> put("blkio.bfq.weight_device", device + value));
      each.leafWeight().ifPresent(value -> put("blkio.leaf_weight_device", device + value));
    }
    throttle("blkio.throttle.read_bps_device", io.throttleReadBpsDevice());
    throttle("blkio.throttle.write_bps_device", io.throttleWriteBpsDevice());
    throttle("blkio.throttle.read_iops_device", io.throttleReadIopsDevice());
    throttle("blkio.throttle.write_iops_device", io.throttleWriteIopsDevice());
  }

  private void throttle(String file, List<Resources.ThrottleDevice> devices) {
    for (Resources.ThrottleDevice each : devices) {
      put(file, each.major() + ":" + each.minor() + " " + Long.toUnsignedString(each.rate()));
    }
  }

  private void put(String file, String value) {
    writes.add(new CgroupWrite("io", file, value));
  }
}
