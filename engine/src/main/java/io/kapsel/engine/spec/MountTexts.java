package io.kapsel.engine.spec;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Docker's three notations of a mount. */
final class MountTexts {
  private MountTexts() {}

  static MountRequest volume(String text, Path workingDirectory) {
    String[] parts = text.split(":", -1);
    InvalidRequestException.unless(
        parts.length <= 3, "'%s' is not [SOURCE:]TARGET[:OPTIONS]", text);
    if (parts.length == 1) {
      return new MountRequest.Volume("", parts[0], false, true, Map.of());
    }
    InvalidRequestException.unless(!parts[0].isEmpty(), "the source of a volume is empty");
    boolean readOnly = false;
    boolean copy = true;
    String propagation = "rprivate";
    List<String> denied = new ArrayList<>();
    for (String option : parts.length == 3 ? parts[2].split(",", -1) : new String[0]) {
      switch (option) {
        case "ro" -> readOnly = true;
        case "nocopy" -> copy = false;
        case "rw", "z", "Z", "consistent", "cached", "delegated" -> {}
        case "private", "rprivate", "slave", "rslave", "shared", "rshared" -> propagation = option;
        case "nosuid", "noexec", "nodev" -> denied.add(option);
        default ->
            throw new InvalidRequestException(
                "'%s' in '%s' is not an option of a volume".formatted(option, text));
      }
    }
    if (isPath(parts[0])) {
      Path source = Texts.path(parts[0], workingDirectory);
      return new MountRequest.Bind(source, parts[1], readOnly, true, propagation).denying(denied);
    }
    InvalidRequestException.unless(
        denied.isEmpty(), "%s in '%s' are for paths of the host, not for volumes", denied, text);
    return new MountRequest.Volume(parts[0], parts[1], readOnly, copy, Map.of());
  }

  private static boolean isPath(String text) {
    return text.startsWith("/") || text.startsWith(".");
  }

  static MountRequest mount(String text, Path workingDirectory) {
    Map<String, String> parts = new HashMap<>();
    Map<String, String> made = new HashMap<>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      if (part.startsWith("volume-opt=")) {
        String option = part.substring("volume-opt=".length());
        int value = option.indexOf('=');
        InvalidRequestException.unless(value > 0, "'%s' is not NAME=value", option);
        made.put(option.substring(0, value), option.substring(value + 1));
        continue;
      }
      String key = equals < 0 ? part : part.substring(0, equals);
      InvalidRequestException.unless(
          parts.put(canonical(key), equals < 0 ? "true" : part.substring(equals + 1)) == null,
          "'%s' says %s twice",
          text,
          key);
    }
    String type = parts.getOrDefault("type", "volume");
    parts.remove("type");
    MountRequest request =
        switch (type) {
          case "bind" -> bind(text, parts, workingDirectory);
          case "tmpfs" -> tmpfs(text, parts);
          case "volume" -> volume(text, parts, made);
          default ->
              throw new InvalidRequestException(
                  "'%s' is not a type of mount; use bind, volume or tmpfs".formatted(type));
        };
    InvalidRequestException.unless(
        made.isEmpty() || type.equals("volume"), "'%s' has options of a volume and is none", text);
    InvalidRequestException.unless(
        parts.isEmpty(), "'%s' has what no %s mount knows: %s", text, type, parts.keySet());
    return request;
  }

  private static String canonical(String key) {
    return switch (key) {
      case "src" -> "source";
      case "dst", "destination" -> "target";
      case "ro" -> "readonly";
      default -> key;
    };
  }

  private static MountRequest bind(String text, Map<String, String> parts, Path directory) {
    Path source = Texts.path(take(text, parts, "source"), directory);
    String target = take(text, parts, "target");
    boolean readOnly = flag(parts.remove("readonly"));
    String propagation = parts.getOrDefault("bind-propagation", "rprivate");
    parts.remove("bind-propagation");
    return new MountRequest.Bind(source, target, readOnly, false, propagation);
  }

  private static MountRequest volume(
      String text, Map<String, String> parts, Map<String, String> made) {
    String driver = parts.getOrDefault("volume-driver", "local");
    parts.remove("volume-driver");
    InvalidRequestException.unless(
        driver.equals("local"), "there is no volume driver '%s'; use local", driver);
    String name = parts.getOrDefault("source", "");
    parts.remove("source");
    Optional<String> part = Optional.ofNullable(parts.remove("volume-subpath"));
    return new MountRequest.Volume(
        name,
        take(text, parts, "target"),
        flag(parts.remove("readonly")),
        !flag(parts.remove("volume-nocopy")),
        made,
        part);
  }

  private static MountRequest tmpfs(String text, Map<String, String> parts) {
    String target = take(text, parts, "target");
    Optional<Long> size = Optional.ofNullable(parts.remove("tmpfs-size")).map(Texts::size);
    int mode =
        Optional.ofNullable(parts.remove("tmpfs-mode"))
            .map(MountTexts::mode)
            .orElse(MountRequest.Tmpfs.DEFAULT_MODE);
    List<String> options = flag(parts.remove("readonly")) ? List.of("ro") : List.of();
    return new MountRequest.Tmpfs(target, size, mode, options);
  }

  static MountRequest tmpfs(String text) {
    int colon = text.indexOf(':');
    String target = colon < 0 ? text : text.substring(0, colon);
    Optional<Long> size = Optional.empty();
    int mode = MountRequest.Tmpfs.DEFAULT_MODE;
    List<String> options = new ArrayList<>();
    for (String option : colon < 0 ? new String[0] : text.substring(colon + 1).split(",", -1)) {
      if (option.startsWith("size=")) {
        size = Optional.of(Texts.size(option.substring("size=".length())));
      } else if (option.startsWith("mode=")) {
        mode = mode(option.substring("mode=".length()));
      } else {
        options.add(option);
      }
    }
    return new MountRequest.Tmpfs(target, size, mode, options);
  }

  private static int mode(String text) {
    try {
      return Integer.parseInt(text, 8);
    } catch (NumberFormatException e) {
      throw new InvalidRequestException("'%s' is not an octal mode".formatted(text));
    }
  }

  private static boolean flag(@org.jspecify.annotations.Nullable String value) {
    InvalidRequestException.unless(
        value == null || value.matches("true|false|1|0"), "'%s' is not true or false", value + "");
    return value != null && (value.equals("true") || value.equals("1"));
  }

  private static String take(String text, Map<String, String> parts, String key) {
    String value = parts.remove(key);
    if (value == null || value.isEmpty()) {
      throw new InvalidRequestException("'%s' has no %s".formatted(text, key));
    }
    return value;
  }
}
