package io.kapsel.oci;

import io.kapsel.base.JsonName;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The part {@code linux} of a configuration (runtime-spec, config-linux.md). */
public record Linux(
    List<IdMapping> uidMappings,
    List<IdMapping> gidMappings,
    Map<String, String> sysctl,
    Optional<Resources> resources,
    Optional<String> cgroupsPath,
    List<Namespace> namespaces,
    List<Device> devices,
    Map<String, NetDevice> netDevices,
    Optional<Seccomp> seccomp,
    Optional<String> rootfsPropagation,
    List<String> maskedPaths,
    List<String> readonlyPaths,
    Optional<String> mountLabel,
    Optional<Personality> personality,
    Map<String, TimeOffset> timeOffsets,
    Optional<IntelRdt> intelRdt,
    Optional<MemoryPolicy> memoryPolicy) {
  private static final Set<String> PROPAGATIONS =
      Set.of(
          "shared",
          "rshared",
          "slave",
          "rslave",
          "private",
          "rprivate",
          "unbindable",
          "runbindable");

  /** Checks each part. */
  public Linux {
    uidMappings = List.copyOf(uidMappings);
    gidMappings = List.copyOf(gidMappings);
    sysctl = Map.copyOf(sysctl);
    namespaces = List.copyOf(namespaces);
    devices = List.copyOf(devices);
    netDevices = Map.copyOf(netDevices);
    maskedPaths = List.copyOf(maskedPaths);
    readonlyPaths = List.copyOf(readonlyPaths);
    timeOffsets = Map.copyOf(timeOffsets);
    maskedPaths.forEach(path -> Check.absolute("linux.maskedPaths", path));
    readonlyPaths.forEach(path -> Check.absolute("linux.readonlyPaths", path));
    rootfsPropagation = rootfsPropagation.filter(value -> !value.isEmpty());
    rootfsPropagation.ifPresent(value ->
        Check.that(
            PROPAGATIONS.contains(value),
            "linux.rootfsPropagation",
            value,
            "is not one of " + PROPAGATIONS));
    Set<Namespace.Type> types = EnumSet.noneOf(Namespace.Type.class);
    for (Namespace namespace : namespaces) {
      Check.that(
          types.add(namespace.type()), "linux.namespaces", namespace.type(), "is there twice");
    }
  }

  /** The same without a user namespace, for those who are in it already. */
  public Linux withoutUsers() {
    return new Linux(
        List.of(),
        List.of(),
        sysctl,
        resources,
        cgroupsPath,
        namespaces.stream().filter(each -> each.type() != Namespace.Type.USER).toList(),
        devices,
        netDevices,
        seccomp,
        rootfsPropagation,
        maskedPaths,
        readonlyPaths,
        mountLabel,
        personality,
        timeOffsets,
        intelRdt,
        memoryPolicy);
  }

  /** The same with other limits. */
  public Linux withResources(Resources others) {
    return new Linux(
        uidMappings,
        gidMappings,
        sysctl,
        Optional.of(others),
        cgroupsPath,
        namespaces,
        devices,
        netDevices,
        seccomp,
        rootfsPropagation,
        maskedPaths,
        readonlyPaths,
        mountLabel,
        personality,
        timeOffsets,
        intelRdt,
        memoryPolicy);
  }

  /** The same with another part {@code seccomp}. */
  public Linux withSeccomp(Seccomp other) {
    return new Linux(
        uidMappings,
        gidMappings,
        sysctl,
        resources,
        cgroupsPath,
        namespaces,
        devices,
        netDevices,
        Optional.of(other),
        rootfsPropagation,
        maskedPaths,
        readonlyPaths,
        mountLabel,
        personality,
        timeOffsets,
        intelRdt,
        memoryPolicy);
  }

  /** The same with another personality. */
  public Linux withPersonality(Personality other) {
    return new Linux(
        uidMappings,
        gidMappings,
        sysctl,
        resources,
        cgroupsPath,
        namespaces,
        devices,
        netDevices,
        seccomp,
        rootfsPropagation,
        maskedPaths,
        readonlyPaths,
        mountLabel,
        Optional.of(other),
        timeOffsets,
        intelRdt,
        memoryPolicy);
  }

  /** The same with another class of service. */
  public Linux withIntelRdt(IntelRdt other) {
    return new Linux(
        uidMappings,
        gidMappings,
        sysctl,
        resources,
        cgroupsPath,
        namespaces,
        devices,
        netDevices,
        seccomp,
        rootfsPropagation,
        maskedPaths,
        readonlyPaths,
        mountLabel,
        personality,
        timeOffsets,
        Optional.of(other),
        memoryPolicy);
  }

  /** The same where these paths are read-only. */
  public Linux withReadonlyPaths(List<String> paths) {
    return new Linux(
        uidMappings,
        gidMappings,
        sysctl,
        resources,
        cgroupsPath,
        namespaces,
        devices,
        netDevices,
        seccomp,
        rootfsPropagation,
        maskedPaths,
        paths,
        mountLabel,
        personality,
        timeOffsets,
        intelRdt,
        memoryPolicy);
  }

  /** The same with clocks of its own that are ahead by so much. */
  public Linux withClocks(Map<String, TimeOffset> offsets) {
    return new Linux(
        uidMappings,
        gidMappings,
        sysctl,
        resources,
        cgroupsPath,
        Stream.concat(
                namespaces.stream(),
                Stream.of(new Namespace(Namespace.Type.TIME, Optional.empty())))
            .toList(),
        devices,
        netDevices,
        seccomp,
        rootfsPropagation,
        maskedPaths,
        readonlyPaths,
        mountLabel,
        personality,
        offsets,
        intelRdt,
        memoryPolicy);
  }

  /** The namespace of a kind that the container has for itself or joins, if any. */
  public Optional<Namespace> namespace(Namespace.Type type) {
    return namespaces.stream().filter(each -> each.type() == type).findFirst();
  }

  /** A device of the host's network that moves into the container, and its name there. */
  public record NetDevice(Optional<String> name) {}

  /** The execution domain; see personality(2). */
  public record Personality(String domain, List<String> flags) {
    /** Copies the flags. */
    public Personality {
      flags = List.copyOf(flags);
    }
  }

  /** How far a clock is ahead in a time namespace. */
  public record TimeOffset(long secs, int nanosecs) {}

  /** Cache and memory bandwidth classes of Intel processors. */
  public record IntelRdt(
      @JsonName("closID") Optional<String> closId,
      List<String> schemata,
      Optional<String> l3CacheSchema,
      Optional<String> memBwSchema,
      boolean enableMonitoring) {
    /** Copies the list. */
    public IntelRdt {
      schemata = List.copyOf(schemata);
    }
  }

  /** On which nodes memory is taken; see set_mempolicy(2). */
  public record MemoryPolicy(Optional<String> mode, Optional<String> nodes, List<String> flags) {
    /** Copies the flags. */
    public MemoryPolicy {
      flags = List.copyOf(flags);
    }
  }
}
