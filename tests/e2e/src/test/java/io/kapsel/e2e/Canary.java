package io.kapsel.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Files and settings of the host, and how they are before a test; an escape would change one. */
record Canary(Map<String, String> before) {
  private static final List<String> FILES =
      List.of(
          "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/hostname", "/etc/hosts", "/bin/true");
  private static final List<String> SETTINGS =
      List.of(
          "/proc/sys/kernel/core_pattern",
          "/proc/sys/kernel/modprobe",
          "/proc/sys/kernel/hostname",
          "/proc/sys/kernel/domainname",
          "/proc/sys/vm/panic_on_oom",
          "/proc/sys/net/ipv4/ip_forward",
          "/proc/sys/kernel/shmmax",
          "/proc/1/oom_score_adj");

  static Canary of() {
    return new Canary(look());
  }

  void check() {
    Map<String, String> now = look();
    if (!now.equals(before)) {
      throw new AssertionError("the host has changed:\n" + before + "\n" + now);
    }
  }

  private static Map<String, String> look() {
    Map<String, String> seen = new TreeMap<>();
    for (String file : FILES) {
      seen.put(file, attributes(Path.of(file)) + " " + HostFiles.read(file).hashCode());
    }
    for (String setting : SETTINGS) {
      seen.put(setting, HostFiles.read(setting));
    }
    return seen;
  }

  private static String attributes(Path path) {
    try {
      return Files.readAttributes(
              path, "unix:ino,mode,uid,gid,size,lastModifiedTime", LinkOption.NOFOLLOW_LINKS)
          .toString();
    } catch (IOException e) {
      return "missing";
    }
  }
}
