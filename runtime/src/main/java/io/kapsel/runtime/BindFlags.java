package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.oci.Mount;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What the flags of a bind mount change of its source's, as the flags of mount(2) have it: without
 * any all stay, else those that are asked for take the place of the others. Access times change
 * only when a kind of them is asked for. In a user namespace what is locked there stays, and to ask
 * for the contrary is refused; see mount_namespaces(7).
 */
final class BindFlags {
  private static final long LOCKABLE = 0xf; // read-only, no setuid, no devices, no execution
  private static final long NO_LINKS = 0x200000;
  private static final long NO_ACCESS_TIME = 0x10;
  private static final long STRICT_ACCESS_TIME = 0x20;
  private static final long NO_DIRECTORIES = 0x80;
  private static final long ACCESS_TIMES =
      MountChange.ACCESS_TIME | NO_DIRECTORIES | NO_ACCESS_TIME | STRICT_ACCESS_TIME;
  private static final Set<String> KINDS =
      Set.of("noatime", "relatime", "strictatime", "nodiratime");

  /** The bits that statfs(2) has for the same. */
  private static final long IS_NO_ACCESS_TIME = 0x400;

  private static final long IS_NO_DIRECTORIES = 0x800;
  private static final long IS_RELATIVE = 0x1000;

  private BindFlags() {}

  static MountChange of(Mount mount, MountOptions options, Path source, boolean isolated) {
    List<String> flags = mount.options().stream().filter(MountChange::isOne).toList();
    if (flags.isEmpty()) {
      return MountChange.NONE;
    }
    MountChange own = options.own();
    boolean times = flags.stream().anyMatch(KINDS::contains);
    long set = own.set().value() & ~ACCESS_TIMES;
    long clear = (isolated ? NO_LINKS : NO_LINKS | LOCKABLE) & ~set;
    long wanted = own.set().value() & ACCESS_TIMES;
    if (isolated) {
      long now = Looks.at(() -> flags(source));
      if ((own.clear() & LOCKABLE & now) != 0 || (times && wanted != times(now))) {
        throw new LaunchException(
            LaunchException.Kind.REFUSED,
            "error during container init: error mounting \"%s\" to rootfs at \"%s\": operation not permitted"
                .formatted(source, mount.destination()));
      }
    } else if (times) {
      set |= wanted;
      clear |= MountChange.ACCESS_TIME | (NO_DIRECTORIES & ~wanted);
    }
    return MountChange.of(set, clear);
  }

  private static long flags(Path source) {
    try (Fd place = Open.path(source.toString(), OpenFlags.PATH)) {
      return Attributes.filesystem(place).flags();
    } catch (SyscallException e) {
      return 0; // opening it for the launch says why
    }
  }

  private static long times(long flags) {
    long kind =
        (flags & IS_NO_ACCESS_TIME) != 0
            ? NO_ACCESS_TIME
            : (flags & IS_RELATIVE) != 0 ? 0 : STRICT_ACCESS_TIME;
    return kind | ((flags & IS_NO_DIRECTORIES) != 0 ? NO_DIRECTORIES : 0);
  }
}
