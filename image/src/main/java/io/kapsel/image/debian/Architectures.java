package io.kapsel.image.debian;

import io.kapsel.image.ImageException;
import java.util.Map;

/** Debian's names of architectures. */
public final class Architectures {
  private static final Map<String, String> BY_JAVA =
      Map.of(
          "amd64", "amd64",
          "x86_64", "amd64",
          "aarch64", "arm64",
          "ppc64le", "ppc64el",
          "riscv64", "riscv64",
          "s390x", "s390x");

  private Architectures() {}

  /** That of this machine. */
  public static String host() {
    String name = System.getProperty("os.arch");
    String debian = BY_JAVA.get(name);
    if (debian == null) {
      throw new ImageException.Invalid(
          "cannot create an image: Debian has no architecture '" + name + "'; see --arch");
    }
    return debian;
  }

  /** What images call one of Debian's; see image-spec, config.md, "architecture". */
  static String inImages(String debian) {
    return switch (debian) {
      case "i386" -> "386";
      case "armhf", "armel" -> "arm";
      case "ppc64el" -> "ppc64le";
      case "mips64el" -> "mips64le";
      default -> debian;
    };
  }
}
