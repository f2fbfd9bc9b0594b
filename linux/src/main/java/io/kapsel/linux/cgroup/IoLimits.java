package io.kapsel.linux.cgroup;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * How much of the block devices a container may use.
 *
 * @param weight against others, 10 to 1000
 * @param weights the same for single devices
 * @param rates limits of single devices
 */
public record IoLimits(OptionalInt weight, List<DeviceWeight> weights, List<DeviceRate> rates) {
  private static final String IO = "io";

  /** No limit. */
  public static final IoLimits NONE = new IoLimits(OptionalInt.empty(), List.of(), List.of());

  /** A block device's weight. */
  public record DeviceWeight(long major, long minor, int weight) {}

  /** A limit of a block device, each second. */
  public record DeviceRate(Kind kind, long major, long minor, long rate) {}

  /** What a rate counts, with its names in both versions. */
  public enum Kind {
    READ_BYTES("rbps", "blkio.throttle.read_bps_device"),
    WRITE_BYTES("wbps", "blkio.throttle.write_bps_device"),
    READ_OPERATIONS("riops", "blkio.throttle.read_iops_device"),
    WRITE_OPERATIONS("wiops", "blkio.throttle.write_iops_device");

    private final String key;
    private final String file;

    Kind(String key, String file) {
      this.key = key;
      this.file = file;
    }
  }

  /** Refuses weights that no version knows. */
  public IoLimits {
    weights = List.copyOf(weights);
    rates = List.copyOf(rates);
    weight.ifPresent(IoLimits::check);
    weights.forEach(each -> check(each.weight()));
  }

  private static void check(int weight) {
    if (weight < 10 || weight > 1000) {
      throw new CgroupException(
          "cannot set the blkio weight " + weight + ": it is not between 10 and 1000");
    }
  }

  /** Adds the writes that set them on the host. */
  void addTo(List<CgroupWrite> writes, CgroupHost host) {
    if (equals(NONE)) {
      return;
    }
    host.require(IO);
    if (host.onUnified(IO)) {
      addUnified(writes);
    } else {
      addLegacy(writes);
    }
  }

  private void addUnified(List<CgroupWrite> writes) {
    weight.ifPresent(value -> add(writes, "io.weight", "default " + scaled(value)));
    weights.forEach(each ->
        add(writes, "io.weight", device(each.major(), each.minor(), scaled(each.weight()))));
    Map<String, StringBuilder> byDevice = new LinkedHashMap<>();
    for (DeviceRate each : rates) {
      byDevice
          .computeIfAbsent(each.major() + ":" + each.minor(), device -> new StringBuilder(device))
          .append(" ")
          .append(each.kind().key)
          .append("=")
          .append(each.rate() > 0 ? Long.toString(each.rate()) : "max");
    }
    byDevice.values().forEach(line -> add(writes, "io.max", line.toString()));
  }

  /** The scheduler that knew {@code blkio.weight} left the kernel with Linux 5.0. */
  private void addLegacy(List<CgroupWrite> writes) {
    weight.ifPresent(value -> add(writes, "blkio.bfq.weight", Integer.toString(value)));
    weights.forEach(each ->
        add(writes, "blkio.bfq.weight_device", device(each.major(), each.minor(), each.weight())));
    rates.forEach(
        each -> add(writes, each.kind().file, device(each.major(), each.minor(), each.rate())));
  }

  private static long scaled(int weight) {
    return 1 + (weight - 10) * 9999L / 990;
  }

  private static String device(long major, long minor, long value) {
    return major + ":" + minor + " " + value;
  }

  private static void add(List<CgroupWrite> writes, String file, String value) {
    writes.add(new CgroupWrite(IO, file, value));
  }
}
