package io.kapsel.engine;

import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.engine.spec.NamespaceMode;
import io.kapsel.engine.system.SystemProfile;
import io.kapsel.oci.Mount;
import io.kapsel.runtime.Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The mounts of a container: Docker's defaults, then what was asked for. */
final class Mounting {
  private static final long DEFAULT_SHM = 64L << 20;

  private Mounting() {}

  /**
   * All of them.
   *
   * @param firstId what the container's 0 is where they are mounted
   */
  static List<Mount> compile(ContainerSpec spec, Path files, Path volumes, long firstId) {
    List<Mount> mounts = new ArrayList<>(standard(spec, files));
    List<MountRequest> requests =
        spec.mounts().stream()
            .sorted(Comparator.comparingInt(request -> depth(request.target())))
            .toList();
    for (MountRequest request : requests) {
      checkTarget(request.target());
      mounts.removeIf(mount -> mount.destination().equals(request.target()));
      mounts.add(owned(request, translate(request, files, volumes), spec, firstId));
    }
    return List.copyOf(mounts);
  }

  /** What belongs to other ids on the host. */
  private static Mount owned(MountRequest request, Mount mount, ContainerSpec spec, long firstId) {
    return spec.owners()
        .filter(_ -> request instanceof MountRequest.Bind)
        .map(it ->
            mount.withMappings(
                OwnedTrees.mappings(it.users(), firstId),
                OwnedTrees.mappings(it.groups(), firstId)))
        .orElse(mount);
  }

  private static List<Mount> standard(ContainerSpec spec, Path files) {
    String access = spec.privileged() && !spec.isSystem() ? "rw" : "ro";
    String groups = spec.isSystem() || spec.security().groupsWritable() ? "rw" : access;
    List<Mount> mounts = new ArrayList<>();
    mounts.add(Mount.of("/proc", "proc", "proc", "nosuid", "noexec", "nodev"));
    mounts.add(
        Mount.of("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"));
    mounts.add(
        Mount.of(
            "/dev/pts",
            "devpts",
            "devpts",
            "nosuid",
            "noexec",
            "newinstance",
            "ptmxmode=0666",
            "mode=0620",
            "gid=5"));
    mounts.add(Mount.of("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", access));
    mounts.add(Mount.of("/sys/fs/cgroup", "cgroup", "cgroup", groups, "nosuid", "noexec", "nodev"));
    addIpc(spec, mounts);
    if (spec.isSystem()) { // it has files of its own
      mounts.addAll(SystemProfile.mounts(files.resolve("host")));
      if (spec.security().nesting()) {
        mounts.addAll(SystemProfile.mountsOfEngines());
      }
      return mounts;
    }
    for (String name : List.of("resolv.conf", "hostname", "hosts")) {
      mounts.add(
          Mount.of("/etc/" + name, "bind", files.resolve(name).toString(), "rbind", "rprivate"));
    }
    return mounts;
  }

  private static void addIpc(ContainerSpec spec, List<Mount> mounts) {
    if (spec.ipc() instanceof NamespaceMode.Host) {
      for (String place : List.of("/dev/mqueue", "/dev/shm")) {
        if (Files.isDirectory(Path.of(place))) {
          mounts.add(Mount.of(place, "bind", place, "rbind", "rprivate"));
        }
      }
      return;
    }
    long size = spec.shmSize().orElse(DEFAULT_SHM);
    mounts.add(Mount.of("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"));
    mounts.add(
        Mount.of(
            "/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=" + size));
  }

  private static void checkTarget(String target) {
    if (target.equals("/proc") || target.startsWith("/proc/")) {
      throw Refusals.invalid("'%s' cannot be mounted over: it is below /proc", target);
    }
    if (target.equals("/dev") || target.equals("/sys")) {
      throw Refusals.invalid("'%s' cannot be mounted over", target);
    }
  }

  private static Mount translate(MountRequest request, Path files, Path volumes) {
    return switch (request) {
      case MountRequest.Bind bind -> bind(bind, files);
      case MountRequest.Tmpfs tmpfs -> tmpfs(tmpfs);
      case MountRequest.Volume volume -> volume(volume, volumes);
    };
  }

  private static Mount bind(MountRequest.Bind bind, Path files) {
    List<String> options = bound(bind.propagation(), bind.readOnly());
    bind.denied().forEach(each -> options.add("r" + each)); // below it, too
    if (bind.layered()) {
      options.add(Bundle.LAYER + ContainerStore.layerAbove(files, bind));
    }
    return Mount.of(
        bind.target(), "bind", bind.source().toString(), options.toArray(String[]::new));
  }

  /** What is read-only on the host stays so, also below: nothing asks for {@code rw}. */
  private static List<String> bound(String propagation, boolean readOnly) {
    List<String> options = new ArrayList<>(List.of("rbind", propagation));
    if (readOnly) {
      options.add("ro");
    }
    return options;
  }

  private static Mount volume(MountRequest.Volume volume, Path volumes) {
    List<String> options = bound("rprivate", volume.readOnly());
    volume.part().ifPresent(way -> options.add(Bundle.PART + way));
    return Mount.of(
        volume.target(),
        "bind",
        volumes.resolve(volume.name()).resolve(Volumes.CONTENT).toString(),
        options.toArray(String[]::new));
  }

  private static Mount tmpfs(MountRequest.Tmpfs request) {
    List<String> options = new ArrayList<>(List.of("noexec", "nosuid", "nodev"));
    for (String option : request.options()) {
      options.remove("no" + option);
      if (!options.contains(option)) {
        options.add(option);
      }
    }
    options.add("mode=" + Integer.toOctalString(request.mode()));
    request.size().ifPresent(bytes -> options.add("size=" + bytes));
    return new Mount(
        request.target(),
        Optional.of("tmpfs"),
        Optional.of("tmpfs"),
        options,
        List.of(),
        List.of());
  }

  private static int depth(String path) {
    return (int) path.chars().filter(c -> c == '/').count();
  }
}
