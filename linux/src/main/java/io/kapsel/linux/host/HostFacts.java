package io.kapsel.linux.host;

import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.cgroup.NumberList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What planning needs to know of the host; with chosen facts, plans for any host can be tested.
 *
 * @param userNamespaces how many user namespaces may be made, 0: none
 * @param bounding the capabilities that the engine itself may have
 * @param hardLimits the engine's hard resource limits by name ({@code nofile}), -1: none
 * @param authority who the engine is
 */
public record HostFacts(
    int kernelMajor,
    int kernelMinor,
    CgroupHost cgroups,
    long userNamespaces,
    boolean appArmor,
    boolean seLinux,
    int lastCapability,
    int cpus,
    CapabilitySet bounding,
    Map<String, Long> hardLimits,
    Authority authority) {
  private static final Map<String, String> LIMIT_NAMES =
      Map.ofEntries(
          Map.entry("Max cpu time", "cpu"),
          Map.entry("Max file size", "fsize"),
          Map.entry("Max data size", "data"),
          Map.entry("Max stack size", "stack"),
          Map.entry("Max core file size", "core"),
          Map.entry("Max resident set", "rss"),
          Map.entry("Max processes", "nproc"),
          Map.entry("Max open files", "nofile"),
          Map.entry("Max locked memory", "memlock"),
          Map.entry("Max address space", "as"),
          Map.entry("Max file locks", "locks"),
          Map.entry("Max pending signals", "sigpending"),
          Map.entry("Max msgqueue size", "msgqueue"),
          Map.entry("Max nice priority", "nice"),
          Map.entry("Max realtime priority", "rtprio"),
          Map.entry("Max realtime timeout", "rttime"));

  /** Copies the limits. */
  public HostFacts {
    hardLimits = Map.copyOf(hardLimits);
  }

  /** Those of a host on which the engine is root. */
  public HostFacts(
      int kernelMajor,
      int kernelMinor,
      CgroupHost cgroups,
      long userNamespaces,
      boolean appArmor,
      boolean seLinux,
      int lastCapability,
      int cpus,
      CapabilitySet bounding,
      Map<String, Long> hardLimits) {
    this(
        kernelMajor,
        kernelMinor,
        cgroups,
        userNamespaces,
        appArmor,
        seLinux,
        lastCapability,
        cpus,
        bounding,
        hardLimits,
        Authority.ROOT);
  }

  /** The same for somebody else, who has all capabilities where he is root. */
  public HostFacts as(Authority who) {
    return new HostFacts(
        kernelMajor,
        kernelMinor,
        cgroups,
        userNamespaces,
        appArmor,
        seLinux,
        lastCapability,
        cpus,
        who.isRoot() ? bounding : CapabilitySet.ALL.upTo(lastCapability),
        hardLimits,
        who);
  }

  /** Whether the kernel is that version or newer. */
  public boolean kernelAtLeast(int major, int minor) {
    return kernelMajor > major || (kernelMajor == major && kernelMinor >= minor);
  }

  /** Whether overlayfs takes its layers as descriptors of detached trees (Linux 6.15). */
  public boolean layersByDescriptor() {
    return kernelAtLeast(6, 15);
  }

  /** Whether open_tree(2) copies a mount that is not attached anywhere (Linux 6.15). */
  public boolean copiesDetached() {
    return kernelAtLeast(6, 15);
  }

  /** Whether overlayfs takes idmapped layers (Linux 5.19). */
  public boolean idmappedLayers() {
    return kernelAtLeast(5, 19);
  }

  /**
   * Whether layers can be shown with other owners than they have: never to a user namespace, as the
   * file systems of the host are not its own (mount_setattr(2)). There a container has the ids of
   * the engine.
   */
  public boolean mapsLayers() {
    return authority.isRoot();
  }

  /** Whether profiles of AppArmor can be loaded; those that are there are the host's. */
  public boolean loadsProfiles() {
    return authority.isRoot() && appArmor;
  }

  /** Whether limits can be raised, and processes be spared when memory is short. */
  public boolean raisesLimits() {
    return authority.isRoot() && bounding.contains(Capability.SYS_RESOURCE);
  }

  /** This host's, found in well under ten milliseconds. */
  public static HostFacts probe() {
    String release = read("/proc/sys/kernel/osrelease");
    String[] parts = release.split("[.-]", 3);
    String status = read("/proc/self/status");
    return new HostFacts(
        Integer.parseInt(parts[0]),
        Integer.parseInt(parts[1]),
        CgroupHost.detect(),
        Files.exists(Path.of("/proc/self/ns/user"))
            ? number("/proc/sys/user/max_user_namespaces", 0)
            : 0,
        read("/sys/module/apparmor/parameters/enabled").startsWith("Y"),
        Files.exists(Path.of("/sys/fs/selinux/enforce")),
        (int) number("/proc/sys/kernel/cap_last_cap", 40),
        processors(read("/sys/devices/system/cpu/online")),
        CapabilitySet.parseHex(field(status, "CapBnd:")),
        hardLimits(read("/proc/self/limits")),
        Authority.probe());
  }

  /** The host's, which may be more than this process may use: from a list such as {@code 0-3,8}. */
  static int processors(String online) {
    if (online.isEmpty()) {
      return Runtime.getRuntime().availableProcessors();
    }
    return NumberList.parse("processors", online).largest() + 1;
  }

  private static Map<String, Long> hardLimits(String text) {
    Map<String, Long> limits = new TreeMap<>();
    for (String line : text.lines().skip(1).toList()) {
      List<String> words = List.of(line.strip().split("\\s{2,}"));
      String name = LIMIT_NAMES.get(words.getFirst());
      if (name != null && words.size() > 2) {
        String hard = words.get(2);
        limits.put(name, hard.equals("unlimited") ? -1 : Long.parseLong(hard));
      }
    }
    return limits;
  }

  private static String field(String status, String name) {
    return status
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()).strip())
        .findFirst()
        .orElse("0");
  }

  private static long number(String file, long otherwise) {
    String text = read(file);
    return text.isEmpty() ? otherwise : Long.parseLong(text);
  }

  private static String read(String file) {
    Path path = Path.of(file);
    try {
      return Files.isReadable(path) ? HostFiles.whole(path).strip() : "";
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read '" + file + "'", e);
    }
  }
}
