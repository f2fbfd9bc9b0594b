package io.kapsel.linux.host;

import io.kapsel.linux.mount.FilesystemContext;

/**
 * How overlayfs notes what is hidden. Attributes that begin with {@code trusted.} are root's of the
 * host; root of a user namespace has it use {@code user.} instead, which no container sees or sets
 * through such a mount. See "User xattr" in the kernel's overlayfs.rst.
 */
public final class Overlayfs {
  private static final boolean OF_USERS = !Authority.probe().isRoot();
  private static final String TRUSTED = "trusted.overlay.";
  private static final String USERS = "user.overlay.";

  /** What the names of its attributes begin with on this host. */
  public static final String ATTRIBUTES = OF_USERS ? USERS : TRUSTED;

  /** The attribute of a directory below which no lower layer is seen: {@code y}. */
  public static final String OPAQUE = ATTRIBUTES + "opaque";

  private Overlayfs() {}

  /** Has it found out, which confined threads could not. */
  public static void find() {
    // The work is done when the class is initialised.
  }

  /** Whether overlayfs reads that attribute here or elsewhere. */
  public static boolean isAttribute(String name) {
    return name.startsWith(TRUSTED) || name.startsWith(USERS);
  }

  /** The name for another host, which may have other names for them: root's. */
  public static String elsewhere(String name) {
    return name.startsWith(ATTRIBUTES) ? TRUSTED + name.substring(ATTRIBUTES.length()) : name;
  }

  /** The name here of what another host has told. */
  public static String here(String name) {
    return name.startsWith(TRUSTED) ? ATTRIBUTES + name.substring(TRUSTED.length()) : name;
  }

  /** Begins one. */
  public static FilesystemContext open() {
    FilesystemContext context = FilesystemContext.open("overlay");
    return OF_USERS ? context.flag("userxattr") : context;
  }
}
