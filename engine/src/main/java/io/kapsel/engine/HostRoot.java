package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.host.Overlayfs;
import io.kapsel.linux.mount.FilesystemContext;
import io.kapsel.linux.mount.MountAttributes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * This machine's own system as a root file system: its {@code /} as the lowest layer, and over it a
 * layer of whiteouts that hides what is private to the host. What may be seen is listed, not what
 * must not be: a directory that somebody makes in {@code /} tomorrow is hidden, too.
 * docs/guide/host-root.md has the lists.
 */
final class HostRoot {
  private static final char UNKNOWN_LETTER = '\ufffd';
  private static final Set<String> SEEN =
      Set.of("bin", "etc", "lib", "lib32", "lib64", "libx32", "opt", "sbin", "usr", "var");
  private static final Set<String> EMPTY =
      Set.of("dev", "home", "media", "mnt", "proc", "root", "run", "srv", "sys", "tmp", "boot");
  private static final Set<String> VAR_EMPTY =
      Set.of("cache", "log", "tmp", "spool", "mail", "backups", "local", "opt", "crash");
  private static final Set<String> VAR_LIB_SEEN =
      Set.of("dpkg", "apt", "pam", "ucf", "python", "misc", "ghostscript", "rpm", "dnf", "pacman");
  private static final Set<String> ETC_HIDDEN =
      Set.of(
          "ssl/private",
          "wireguard",
          "kubernetes",
          "rancher",
          "docker",
          "containers",
          "letsencrypt",
          "NetworkManager/system-connections",
          "openvpn",
          "ipsec.d",
          "krb5.keytab",
          "machine-id",
          "security/opasswd",
          "sudoers.d",
          "cni",
          "kapsel");
  private static final List<String> SHADOWS =
      List.of("shadow", "gshadow", "shadow-", "gshadow-", "passwd-", "group-");
  private static final int WIDE = 01777;

  /** A launch that began with one of them opens it by its number, which must not be another's. */
  private static final int KEPT = 32;

  private final List<Path> own;
  private final boolean shared;
  private final ReentrantLock lock = new ReentrantLock();
  private String made = "";
  private final Deque<Fd> layers = new ArrayDeque<>();

  /**
   * A layer is shared by all containers where overlayfs takes detached trees. It is a file system
   * of its own in memory, because a lower layer may not lie inside another one, as everything on
   * the host's disk lies inside {@code /}. Elsewhere each container has the whiteouts in its own
   * layer.
   *
   * @param own directories of ours that are hidden wherever they are
   */
  public HostRoot(List<Path> own, boolean shared) {
    this.own = List.copyOf(own);
    this.shared = shared;
  }

  /** Puts the whiteouts into a container's own layer, where they cannot be shared. */
  public void prepare(Path upper) {
    if (shared) {
      return;
    }
    try {
      make(upper);
    } catch (IOException e) {
      throw new EngineException.Failed("make", "host:", io.kapsel.base.AtomicFile.reason(e), e);
    }
  }

  /** The layers, the upper one first; made anew when the host's directories have changed. */
  public List<Path> layers() {
    if (!shared) {
      return List.of(Path.of("/"));
    }
    lock.lock();
    try {
      String now = state();
      if (layers.isEmpty() || !now.equals(made)) {
        Fd next = memory();
        layers.addFirst(next);
        make(path(next));
        if (layers.size() > KEPT) {
          layers.removeLast().close();
        }
        made = now;
      }
      return List.of(path(layers.getFirst()), Path.of("/"));
    } catch (IOException e) {
      throw new EngineException.Failed("make", "host:", io.kapsel.base.AtomicFile.reason(e), e);
    } finally {
      lock.unlock();
    }
  }

  private static Fd memory() {
    try (FilesystemContext context = FilesystemContext.open("tmpfs")) {
      return context.option("mode", "755").mount(MountAttributes.NO_DEVICES);
    }
  }

  private static Path path(Fd mount) {
    return Path.of("/proc/self/fd/" + mount.number());
  }

  private static String state() throws IOException {
    StringBuilder state = new StringBuilder();
    for (String watched : List.of("/", "/etc", "/etc/ssh", "/var", "/var/lib")) {
      Path path = Path.of(watched);
      if (Files.isDirectory(path)) {
        state.append(Files.getLastModifiedTime(path)).append(' ');
      }
    }
    return state.toString();
  }

  private void make(Path target) throws IOException {
    for (String name : names(Path.of("/"))) {
      if (SEEN.contains(name) || Files.isSymbolicLink(Path.of("/", name))) {
        continue;
      }
      if (!EMPTY.contains(name)) {
        hide(target, name);
      }
    }
    for (String name : EMPTY) {
      empty(target, name, name.equals("tmp") ? WIDE : name.equals("root") ? 0700 : 0755);
    }
    makeEtc(target);
    makeVar(target);
    for (Path path : own) {
      Path parent = path.getParent();
      if (parent != null
          && path.getNameCount() > 1
          && SEEN.contains(path.getName(0).toString())
          && Files.isDirectory(path)
          && !path.startsWith("/var")) {
        hide(directoryLike(target, parent), path.getFileName().toString());
      }
    }
  }

  private void makeEtc(Path target) throws IOException {
    Path etc = directoryLike(target, Path.of("/etc"));
    for (String name : SHADOWS) {
      if (Files.exists(Path.of("/etc", name))) {
        locked(etc, name);
      }
    }
    hideUnreadable(target, Path.of("/etc"), 0);
  }

  /** Users without passwords: tools find their entry, and nobody can log in by it. */
  private static void locked(Path etc, String name) throws IOException {
    StringBuilder text = new StringBuilder();
    if (name.equals("shadow")) {
      for (String line : Files.readAllLines(Path.of("/etc/passwd"), StandardCharsets.ISO_8859_1)) {
        text.append(line.split(":", 2)[0]).append(":!:19000:0:99999:7:::\n");
      }
    } else if (name.equals("gshadow")) {
      for (String line : Files.readAllLines(Path.of("/etc/group"), StandardCharsets.ISO_8859_1)) {
        text.append(line.split(":", 2)[0]).append(":!::\n");
      }
    } else {
      hide(etc, name);
      return;
    }
    Path file = etc.resolve(name);
    Files.writeString(file, text, StandardCharsets.ISO_8859_1);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
  }

  /** Every file that other users of the host may not read is hidden, and what is listed. */
  private void hideUnreadable(Path target, Path below, int depth) throws IOException {
    for (Path path : children(below)) {
      String name = path.getFileName().toString();
      String inEtc = Path.of("/etc").relativize(path).toString();
      if (SHADOWS.contains(inEtc) || Files.isSymbolicLink(path)) {
        continue;
      }
      if (ETC_HIDDEN.contains(inEtc) || name.startsWith("ssh_host_") || !readable(path)) {
        checkName(name);
        hide(directoryLike(target, below), name);
      } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && depth < 16) {
        hideUnreadable(target, path, depth + 1);
      }
    }
  }

  private static boolean readable(Path path) throws IOException {
    Set<PosixFilePermission> permissions =
        Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
    return permissions.contains(PosixFilePermission.OTHERS_READ)
        && (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
            || permissions.contains(PosixFilePermission.OTHERS_EXECUTE));
  }

  private void makeVar(Path target) throws IOException {
    Path real = Path.of("/var");
    if (!Files.isDirectory(real)) {
      return;
    }
    Path var = directoryLike(target, real);
    for (String name : names(real)) {
      Path path = real.resolve(name);
      if (Files.isSymbolicLink(path) || name.equals("lib")) {
        continue;
      }
      if (VAR_EMPTY.contains(name)) {
        empty(var, name, name.equals("tmp") ? WIDE : 0755);
      } else {
        hide(var, name);
      }
    }
    Path lib = real.resolve("lib");
    if (Files.isDirectory(lib)) {
      Path shown = directoryLike(target, lib);
      for (String name : names(lib)) {
        if (!VAR_LIB_SEEN.contains(name)) {
          hide(shown, name);
        }
      }
    }
  }

  /** A directory of the layer that lies over one of the host and looks like it. */
  private static Path directoryLike(Path target, Path host) throws IOException {
    Path made = target;
    for (Path name : host) {
      made = made.resolve(name);
      Path original = Path.of("/").resolve(target.relativize(made));
      if (!Files.isDirectory(made)) {
        Files.createDirectory(made);
        Files.setPosixFilePermissions(made, Files.getPosixFilePermissions(original));
      }
    }
    return made;
  }

  private static Set<String> names(Path path) throws IOException {
    Set<String> names = new TreeSet<>();
    children(path).forEach(each -> names.add(each.getFileName().toString()));
    return names;
  }

  private static Set<Path> children(Path path) throws IOException {
    try (Stream<Path> all = Files.list(path)) {
      return all.collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** In a locale that does not know its letters, a name that was read cannot be written. */
  private static void checkName(String name) throws IOException {
    if (name.indexOf(UNKNOWN_LETTER) >= 0) {
      throw new IOException("'" + name + "' is no name here; run Java with LC_ALL=C.UTF-8");
    }
  }

  /** A character device 0:0 is how overlayfs marks what is not there. */
  private static void hide(Path directory, String name) {
    try (Fd parent = Open.path(directory.toString(), OpenFlags.DIRECTORY)) {
      Entries.makeNode(parent, name, FileType.CHARACTER_DEVICE, 0, new DeviceNumber(0, 0));
    }
  }

  /** An opaque directory: nothing below it is seen. */
  private static void empty(Path directory, String name, int mode) throws IOException {
    Files.createDirectory(directory.resolve(name));
    try (Fd made = Open.path(directory.resolve(name).toString(), OpenFlags.DIRECTORY)) {
      io.kapsel.linux.file.Attributes.mode(made, mode);
      ExtendedAttributes.set(made, Overlayfs.OPAQUE, "y".getBytes(StandardCharsets.US_ASCII));
    }
  }
}
