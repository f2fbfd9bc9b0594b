package io.kapsel.image.tar;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Which extended attributes of files travel between archives and root file systems. */
public final class Xattrs {
  private static final String CAPABILITY = "security.capability";
  private static final int VERSION_2 = 20;
  private static final int VERSION_3 = 24;

  private Xattrs() {}

  /**
   * The user's own, and file capabilities that hold for root of whoever mounts it. Labels belong to
   * a host, ACLs name ids of a host, and overlayfs would believe what its own attributes say.
   */
  public static boolean isKept(String name, byte[] value) {
    if (name.equals(CAPABILITY)) {
      return value.length == VERSION_2 || (value.length == VERSION_3 && rootId(value) == 0);
    }
    return name.startsWith("user.") && !name.startsWith("user.overlay.");
  }

  private static int rootId(byte[] value) {
    return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getInt(VERSION_2);
  }
}
