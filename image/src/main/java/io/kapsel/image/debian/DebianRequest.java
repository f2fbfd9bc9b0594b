package io.kapsel.image.debian;

import io.kapsel.image.ImageException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What root file system is wanted.
 *
 * @param suite the name of a release, such as {@code bookworm}
 * @param mirror the archive; else what the host's apt uses
 * @param snapshot a moment such as {@code 20250520T000000Z}, whose state of the archive is taken
 * @param include further packages
 * @param architecture in Debian's words; else the host's
 * @param keyring the keys to trust; else what the host's apt trusts for the archive
 */
public record DebianRequest(
    String suite,
    Variant variant,
    Optional<URI> mirror,
    Optional<String> snapshot,
    List<String> include,
    Optional<String> architecture,
    Optional<Path> keyring) {
  private static final Pattern SUITE = Pattern.compile("[a-z][a-z0-9-]*");
  private static final Pattern SNAPSHOT = Pattern.compile("\\d{8}T\\d{6}Z");
  private static final Pattern PACKAGE = Pattern.compile("[a-z0-9][a-z0-9+.-]*");
  private static final Pattern ARCHITECTURE = Pattern.compile("[a-z0-9]+");

  /** What belongs to it. */
  public enum Variant {
    /** What is essential or required, and apt. */
    MINIMAL,
    /** An operating system that starts: with systemd as process 1, D-Bus and udev. */
    SYSTEM;

    List<String> packages() {
      return switch (this) {
        case MINIMAL -> List.of("apt");
        case SYSTEM -> List.of("apt", "systemd", "systemd-sysv", "dbus", "udev");
      };
    }

    /** Reads its name. */
    public static Variant parse(String text) {
      return switch (text) {
        case "minimal" -> MINIMAL;
        case "system" -> SYSTEM;
        default -> throw new IllegalArgumentException("is neither minimal nor system");
      };
    }
  }

  /** Checks what becomes part of addresses. */
  public DebianRequest {
    include = List.copyOf(include);
    check(SUITE.matcher(suite).matches(), "suite", suite);
    snapshot.ifPresent(it -> check(SNAPSHOT.matcher(it).matches(), "moment", it));
    architecture.ifPresent(it -> check(ARCHITECTURE.matcher(it).matches(), "architecture", it));
    include.forEach(it -> check(PACKAGE.matcher(it).matches(), "package", it));
    mirror.ifPresent(it ->
        check(
            it.getScheme() != null && it.getScheme().matches("https?|file"),
            "http, https or file address",
            it.toString()));
  }

  private static void check(boolean holds, String what, String text) {
    if (!holds) {
      throw new ImageException.Invalid(
          "cannot create an image: '%s' is no %s".formatted(text, what));
    }
  }
}
