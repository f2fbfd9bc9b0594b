package io.kapsel.network;

import io.kapsel.base.AtomicFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Settings of the host's network; proc_sys_net(5). */
final class HostSettings {
  private static final Path IPV4_FORWARDING = Path.of("/proc/sys/net/ipv4/ip_forward");
  private static final Path IPV6 = Path.of("/proc/sys/net/ipv6/conf");
  private static final String ON = "1";

  private HostSettings() {}

  /** Has the host pass packets on; whether it did not before. */
  static boolean forwardIpv4() {
    if (read(IPV4_FORWARDING).equals(ON)) {
      return false;
    }
    write(IPV4_FORWARDING, ON);
    return true;
  }

  /** The same for IPv6. A host that listens to routers goes on to do so, as no router would. */
  static void forwardIpv6() {
    Path all = IPV6.resolve("all/forwarding");
    if (!Files.exists(all) || read(all).equals(ON)) {
      return;
    }
    try (DirectoryStream<Path> links = Files.newDirectoryStream(IPV6)) {
      for (Path link : links) {
        Path announcements = link.resolve("accept_ra");
        if (Files.exists(announcements) && read(announcements).equals(ON)) {
          write(announcements, "2");
        }
      }
    } catch (IOException e) {
      throw new NetworkException.Failed("read", IPV6.toString(), AtomicFile.reason(e), e);
    }
    write(all, ON);
  }

  /**
   * A link of ours takes no routes from what is plugged into it, and its addresses, which nobody
   * else can have, work at once.
   */
  static void noAnnouncements(String link) {
    for (String name : List.of("accept_ra", "accept_redirects", "accept_dad")) {
      Path setting = IPV6.resolve(link).resolve(name);
      if (Files.exists(setting)) {
        write(setting, "0");
      }
    }
  }

  /** A link takes packets from whoever, also from those to whom another link leads. */
  static void acceptFromAnywhere(String link) {
    write(Path.of("/proc/sys/net/ipv4/conf", link, "rp_filter"), "0");
  }

  /** Whether the host passes packets on. */
  static boolean forwards(boolean ipv6) {
    Path setting = ipv6 ? IPV6.resolve("all/forwarding") : IPV4_FORWARDING;
    return Files.exists(setting) && read(setting).equals(ON);
  }

  /** Whether this kernel has IPv6, and it is not turned off. */
  static boolean hasIpv6() {
    Path off = IPV6.resolve("all/disable_ipv6");
    return Files.exists(off) && !read(off).equals(ON);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new NetworkException.Failed("read", file.toString(), AtomicFile.reason(e), e);
    }
  }

  private static void write(Path file, String value) {
    try {
      Files.writeString(file, value);
    } catch (IOException e) {
      throw new NetworkException.Failed("write", file.toString(), AtomicFile.reason(e), e);
    }
  }
}
