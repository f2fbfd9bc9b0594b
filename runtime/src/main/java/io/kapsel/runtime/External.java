package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.cgroup.CgroupHost;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.RootDirectory;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * What of a container is the host's, and so not in the images of CRIU: mounts by their places
 * inside, and namespaces that are joined.
 */
public final class External {
  private final Wanted wanted;
  private final Map<String, String> groups;
  private final Map<String, String> mounts = new LinkedHashMap<>();

  private External(Wanted wanted, Map<String, String> groups) {
    this.wanted = wanted;
    this.groups = groups;
  }

  /**
   * The mounts of a container that runs: the name that each has in the images, which is the place
   * where it is, with links resolved.
   *
   * @param groups its control groups by hierarchy
   * @param root its root as this process sees it
   */
  public static Map<String, String> ofRunning(
      Bundle bundle, HostFacts facts, Map<String, String> groups, String root) {
    External external = new External(new Wanted(bundle, facts), groups);
    try (RootDirectory directory = RootDirectory.open(root)) {
      external.find(directory, path -> isFile(directory, path));
    }
    external.mounts.replaceAll((place, _) -> place);
    return external.mounts;
  }

  /**
   * The mounts of one that is to be brought back: the source of each by its name in the images.
   * Whether what is masked is a file shows only in the images; names that are not there are
   * ignored.
   */
  public static Map<String, String> ofImages(
      Bundle bundle, HostFacts facts, Map<String, String> groups, String root) {
    External external = new External(new Wanted(bundle, facts), groups);
    try (RootDirectory directory = RootDirectory.open(root)) {
      external.find(directory, _ -> true);
    }
    return external.mounts;
  }

  /**
   * The places of mounts that a container of the engine's own has of the host, and of its devices,
   * which are made anew: by their destinations, and with links resolved.
   */
  static void places(Wanted wanted, String root, BiConsumer<String, String> found) {
    try (RootDirectory directory = RootDirectory.open(root)) {
      wanted.otherMounts().stream()
          .filter(Mount::isBind)
          .map(Mount::destination)
          .forEach(each -> found.accept(each, place(directory, each)));
    }
    found.accept("/dev", "/dev");
  }

  /** What is hidden in a running container by a file. */
  static List<String> maskedFiles(Wanted wanted, String root) {
    try (RootDirectory directory = RootDirectory.open(root)) {
      return wanted.linux().maskedPaths().stream().filter(path -> isFile(directory, path)).toList();
    }
  }

  private void find(RootDirectory root, Predicate<String> masked) {
    for (Mount mount : wanted.bundle().spec().mounts()) {
      if (mount.isBind()) {
        Path source = wanted.bundleDirectory().resolve(mount.source().orElse(""));
        mounts.put(place(root, mount.destination()), source.toString());
      } else if (mount.type().filter("cgroup"::equals).isPresent()) {
        cgroups(mount.destination());
      }
    }
    for (String path : wanted.linux().maskedPaths()) {
      if (masked.test(path)) {
        mounts.put(path, "/dev/null");
      }
    }
  }

  /** One mount for each hierarchy; the one of version 2 alone is CRIU's to mount. */
  private void cgroups(String destination) {
    CgroupHost host = wanted.facts().cgroups();
    if (host.mode() == CgroupHost.Mode.V2) {
      return;
    }
    groups.forEach((name, group) -> {
      Path point =
          name.equals(CgroupPlace.UNIFIED) ? host.unified().orElseThrow() : host.v1().get(name);
      if (point != null) {
        mounts.put(destination + "/" + point.getFileName(), group);
      }
    });
  }

  private static boolean isFile(RootDirectory root, String path) {
    Optional<Fd> found = root.find(path, OpenFlags.PATH);
    if (found.isEmpty()) {
      return false;
    }
    try (Fd file = found.get()) {
      FileStatus status = Attributes.status(file);
      return status.type() != FileType.DIRECTORY;
    }
  }

  /** Where a mount is when its place is reached by links. */
  private static String place(RootDirectory root, String path) {
    try {
      Optional<Fd> found = root.find(path, OpenFlags.PATH);
      if (found.isEmpty()) {
        return path;
      }
      try (Fd place = found.get()) {
        String whole = link(place);
        String above = link(root.fd());
        return above.equals("/") || !whole.startsWith(above + "/")
            ? whole
            : whole.substring(above.length());
      }
    } catch (SyscallException e) {
      return path; // what is there now is CRIU's to judge
    }
  }

  private static String link(Fd fd) {
    try (Fd directory = Open.path("/proc/self/fd", OpenFlags.PATH | OpenFlags.DIRECTORY)) {
      return Entries.readLink(directory, Integer.toString(fd.number()));
    }
  }

  /** The name of a namespace that is joined, in the images. */
  static String namespace(Namespace.Type type) {
    return type == Namespace.Type.NETWORK ? "extRootNetNS" : "extRootPidNS";
  }

  /** How CRIU is told, at a dump, that a namespace stays outside: {@code net[inode]:name}. */
  public static Map<Namespace.Type, String> namespaces(Bundle bundle) {
    Map<Namespace.Type, String> all = new LinkedHashMap<>();
    bundle
        .spec()
        .linux()
        .ifPresent(linux ->
            linux.namespaces().stream()
                .filter(each -> each.path().isPresent())
                .filter(each ->
                    each.type() == Namespace.Type.NETWORK || each.type() == Namespace.Type.PID)
                .forEach(each -> all.put(each.type(), described(each))));
    return all;
  }

  private static String described(Namespace namespace) {
    String kind = namespace.type() == Namespace.Type.NETWORK ? "net" : "pid";
    try (Fd file = Open.path(namespace.path().orElseThrow(), OpenFlags.READ)) {
      long inode = Attributes.status(file).inode();
      return kind + "[" + inode + "]:" + namespace(namespace.type());
    }
  }
}
