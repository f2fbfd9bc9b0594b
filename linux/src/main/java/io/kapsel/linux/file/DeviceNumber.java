package io.kapsel.linux.file;

/** The number of a device; see makedev(3). */
public record DeviceNumber(int major, int minor) {
  /** As mknod(2) takes it. */
  public long encoded() {
    return (minor & 0xFFL) | ((major & 0xFFFL) << 8) | ((minor & 0xFFF00L) << 12);
  }

  @Override
  public String toString() {
    return major + ":" + minor;
  }
}
