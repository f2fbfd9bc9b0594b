package io.kapsel.oci;

import io.kapsel.base.Json;
import io.kapsel.base.JsonName;
import java.util.List;
import java.util.Map;

/** What a runtime can do (runtime-spec, features.md). */
public record Features(
    String ociVersionMin,
    String ociVersionMax,
    List<String> hooks,
    List<String> mountOptions,
    OnLinux linux,
    Map<String, String> annotations,
    List<String> potentiallyUnsafeConfigAnnotations) {
  /** Copies the collections. */
  public Features {
    hooks = List.copyOf(hooks);
    mountOptions = List.copyOf(mountOptions);
    annotations = Map.copyOf(annotations);
    potentiallyUnsafeConfigAnnotations = List.copyOf(potentiallyUnsafeConfigAnnotations);
  }

  /** Features of Linux (features-linux.md). */
  @JsonName("linux")
  public record OnLinux(
      List<String> namespaces,
      List<String> capabilities,
      Cgroup cgroup,
      Filter seccomp,
      Switch apparmor,
      Switch selinux,
      IntelRdt intelRdt,
      MemoryPolicy memoryPolicy,
      MountExtensions mountExtensions,
      Switch netDevices) {
    /** Copies the lists. */
    public OnLinux {
      namespaces = List.copyOf(namespaces);
      capabilities = List.copyOf(capabilities);
    }
  }

  /** Whether something is there. */
  public record Switch(boolean enabled) {}

  /** Control groups. */
  public record Cgroup(
      boolean v1, boolean v2, boolean systemd, boolean systemdUser, boolean rdma) {}

  /** System call filters. */
  public record Filter(
      boolean enabled,
      List<String> actions,
      List<String> operators,
      List<String> archs,
      List<String> knownFlags,
      List<String> supportedFlags) {
    /** Copies the lists. */
    public Filter {
      actions = List.copyOf(actions);
      operators = List.copyOf(operators);
      archs = List.copyOf(archs);
      knownFlags = List.copyOf(knownFlags);
      supportedFlags = List.copyOf(supportedFlags);
    }
  }

  /** Cache and memory bandwidth. */
  public record IntelRdt(boolean enabled, boolean schemata, boolean monitoring) {}

  /** Memory policies. */
  public record MemoryPolicy(List<String> modes, List<String> flags) {
    /** Copies the lists. */
    public MemoryPolicy {
      modes = List.copyOf(modes);
      flags = List.copyOf(flags);
    }
  }

  /** More than mount(2) can do. */
  public record MountExtensions(Switch idmap) {}

  /** The JSON document. */
  public byte[] toJson() {
    return Json.write(this);
  }
}
