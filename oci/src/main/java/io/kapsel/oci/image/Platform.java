package io.kapsel.oci.image;

import io.kapsel.base.JsonName;
import io.kapsel.oci.InvalidSpecException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What an image runs on: {@code os/architecture[/variant]}; see image-spec, image-index.md. Written
 * in the normal form that Docker and containerd use, so that {@code aarch64} is {@code arm64}.
 */
public record Platform(
    String architecture,
    String os,
    @JsonName("os.version") Optional<String> osVersion,
    Optional<String> variant) {
  private static final String PART = "[A-Za-z0-9_.-]{1,64}";

  /** Brings the names into their normal form. */
  public Platform {
    os = os.toLowerCase(Locale.ROOT);
    if (os.equals("macos")) {
      os = "darwin";
    }
    architecture = architecture.toLowerCase(Locale.ROOT);
    variant = variant.map(it -> it.toLowerCase(Locale.ROOT)).filter(it -> !it.isEmpty());
    switch (architecture) {
      case "x86_64", "x86-64" -> architecture = "amd64";
      case "i386", "i486", "i586", "i686" -> architecture = "386";
      case "aarch64" -> architecture = "arm64";
      case "armhf" -> {
        architecture = "arm";
        variant = Optional.of("v7");
      }
      case "armel" -> {
        architecture = "arm";
        variant = Optional.of("v6");
      }
      default -> {}
    }
    if (architecture.equals("arm64") && variant.filter("v8"::equals).isPresent()) {
      variant = Optional.empty();
    }
    if (architecture.equals("amd64") && variant.filter("v1"::equals).isPresent()) {
      variant = Optional.empty();
    }
    if (architecture.equals("arm") && variant.isEmpty()) {
      variant = Optional.of("v7");
    }
  }

  /** Reads {@code linux/arm64}, {@code linux/arm/v7}, {@code arm64} or {@code linux}. */
  public static Platform parse(String text) {
    List<String> parts = List.of(text.split("/", -1));
    if (parts.size() > 3 || !parts.stream().allMatch(part -> part.matches(PART))) {
      throw new InvalidSpecException("platform", text, "is not os/architecture[/variant]");
    }
    if (parts.size() == 1) {
      boolean os = List.of("linux", "windows", "darwin", "freebsd").contains(parts.getFirst());
      return os
          ? of(parts.getFirst(), host().architecture(), Optional.empty())
          : of("linux", parts.getFirst(), Optional.empty());
    }
    return of(
        parts.get(0),
        parts.get(1),
        parts.size() == 3 ? Optional.of(parts.get(2)) : Optional.empty());
  }

  private static Platform of(String os, String architecture, Optional<String> variant) {
    return new Platform(architecture, os, Optional.empty(), variant);
  }

  /** What this machine runs. */
  public static Platform host() {
    return of("linux", System.getProperty("os.arch", "amd64"), Optional.empty());
  }

  /**
   * How well {@code offered} serves what is wanted: 0 not at all, more is better. An image for an
   * older variant runs on a newer processor, never the other way round.
   */
  public int serves(Platform offered) {
    if (!os.equals(offered.os) || !architecture.equals(offered.architecture)) {
      return 0;
    }
    int mine = rank(variant);
    int theirs = rank(offered.variant);
    return theirs > mine ? 0 : 100 - (mine - theirs);
  }

  private int rank(Optional<String> variant) {
    int lowest = architecture.equals("arm64") ? 8 : 1;
    return variant
        .filter(it -> it.matches("v\\d{1,2}"))
        .map(it -> Integer.parseInt(it.substring(1)))
        .orElse(lowest);
  }

  @Override
  public String toString() {
    return os + "/" + architecture + variant.map(it -> "/" + it).orElse("");
  }
}
