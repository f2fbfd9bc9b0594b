package io.kapsel.lxc;

import io.kapsel.base.ByteSize;
import io.kapsel.engine.spec.DeviceRequest;
import io.kapsel.engine.spec.MountRequest;
import io.kapsel.linux.file.FileType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The mounts of a configuration: lines as in fstab(5), whose targets may be relative. */
final class LxcMounts {
  /** What a container has at these places in any case. */
  private static final Set<String> OWN = Set.of("proc", "sysfs", "mqueue", "devpts", "cgroup");

  private static final String OVERLAY = "overlay";
  private static final String LOWER = "lowerdir=";
  private static final Set<String> OF_OVERLAY = Set.of("defaults", "rw", "relatime", "create=dir");

  private static final Set<String> PLAIN =
      Set.of(
          "defaults",
          "bind",
          "rbind",
          "rw",
          "ro",
          "optional",
          "nodev",
          "nosuid",
          "noexec",
          "relatime",
          "create=dir",
          "create=file",
          "dev",
          "exec",
          "suid");

  /** Where LXC's nesting.conf mounts a proc for containers inside. */
  private static final String OF_NESTING = "/dev/.lxc/";

  private static final int DEEPEST_DEVICE = 8;

  private final List<MountRequest> mounts = new ArrayList<>();
  private final List<DeviceRequest> devices = new ArrayList<>();
  private final List<Path> roots;
  private final String access;
  private boolean nesting;

  LxcMounts(LxcConfig config) {
    roots = config.value("lxc.rootfs.path").map(LxcRoot::directories).orElse(List.of());
    access = new LxcDevices(config).isOpen() ? "rwm" : "m";
    for (LxcConfig.Entry file : config.all("lxc.mount.fstab")) {
      try {
        for (String line : Files.readAllLines(Path.of(file.value()))) {
          if (!line.isBlank() && !line.strip().startsWith("#")) {
            add(file, line.strip());
          }
        }
      } catch (IOException e) {
        throw file.wrong("cannot read '" + file.value() + "': " + e.getMessage());
      }
    }
    for (LxcConfig.Entry each : config.all("lxc.mount.entry")) {
      add(each, each.value());
    }
  }

  List<MountRequest> all() {
    return mounts;
  }

  /**
   * Devices of the host at places in /dev, which are nodes of the container's own: those of the
   * host have owners that are nobody inside.
   */
  List<DeviceRequest> devices() {
    return devices;
  }

  /** Whether there is what containers inside need. */
  boolean nesting() {
    return nesting;
  }

  private void add(LxcConfig.Entry entry, String line) {
    String[] fields = line.split("\\s+", -1);
    if (fields.length < 4) {
      throw entry.wrong("'" + line + "' is not SOURCE TARGET TYPE OPTIONS");
    }
    List<String> options = List.of(fields[3].split(",", -1));
    String target = target(fields[1]);
    if (OWN.contains(fields[2])) {
      nesting |= target.startsWith(OF_NESTING);
    } else if (fields[2].equals("tmpfs")) {
      mounts.add(tmpfs(target, options));
    } else if (fields[2].equals(OVERLAY)) {
      mounts.add(overlay(entry, target, options));
    } else {
      bind(entry, Path.of(fields[0]), target, fields[2], options);
    }
  }

  /** In the container; some name the place where it is on the host. */
  private String target(String said) {
    Path place = Path.of("/").resolve(said);
    return roots.stream()
        .filter(place::startsWith)
        .findFirst()
        .map(root -> "/" + root.relativize(place))
        .orElse(place.toString());
  }

  private void bind(
      LxcConfig.Entry entry, Path source, String target, String type, List<String> options) {
    if (!options.contains("bind") && !options.contains("rbind")) {
      throw entry.wrong("only bind mounts, tmpfs and overlay are possible, not '" + type + "'");
    }
    options.stream()
        .filter(option -> !PLAIN.contains(option))
        .findFirst()
        .ifPresent(option -> {
          throw entry.wrong("'" + option + "' is not an option that is possible here");
        });
    if (options.contains("optional") && (!Files.exists(source) || target.startsWith("/sys/"))) {
      return;
    }
    if (target.startsWith("/dev/") && hasDevices(source)) {
      devices.add(new DeviceRequest(source, target, access));
    } else {
      mounts.add(
          new MountRequest.Bind(source, target, options.contains("ro"), false, "rprivate")
              .denying(denied(options)));
    }
  }

  /** What comes later wins, as with mount(8). */
  private static Set<String> denied(List<String> options) {
    Set<String> denied = new HashSet<>();
    for (String option : options) {
      if (MountRequest.Bind.DENIALS.contains(option)) {
        denied.add(option);
      } else {
        denied.remove("no" + option);
      }
    }
    return denied;
  }

  /** Whether it is a device, or a directory of such. */
  private static boolean hasDevices(Path source) {
    if (!Files.isDirectory(source)) {
      return isDevice(source);
    }
    if (!source.startsWith("/dev")) {
      return false;
    }
    try (Stream<Path> below = Files.walk(source, DEEPEST_DEVICE)) {
      return below.anyMatch(each -> !Files.isSymbolicLink(each) && isDevice(each));
    } catch (IOException | UncheckedIOException e) {
      return false; // mounting it says why
    }
  }

  private static boolean isDevice(Path path) {
    try {
      FileType type = FileType.ofMode((int) Files.getAttribute(path, "unix:mode"));
      return type == FileType.CHARACTER_DEVICE || type == FileType.BLOCK_DEVICE;
    } catch (IOException e) {
      return false;
    }
  }

  /** What is written goes to a layer of the container's own. */
  private static MountRequest overlay(LxcConfig.Entry entry, String target, List<String> options) {
    Optional<String> lower = Optional.empty();
    for (String option : options) {
      if (option.startsWith(LOWER)) {
        lower = Optional.of(option.substring(LOWER.length()));
      } else if (!OF_OVERLAY.contains(option)) {
        throw entry.wrong(
            "'%s' is not possible for an overlay, which has a layer of the container's own"
                .formatted(option));
      }
    }
    if (lower.filter(it -> it.startsWith("/") && !it.contains(":")).isEmpty()) {
      throw entry.wrong("an overlay has one lowerdir=DIRECTORY");
    }
    return layered(Path.of(lower.get()), target);
  }

  static MountRequest layered(Path source, String target) {
    return new MountRequest.Bind(source, target, false, false, "rprivate", true, List.of());
  }

  /** The value of {@code lxc.mount.entry} for a mount that can be said so. */
  static String entry(MountRequest.Bind mount) {
    String place = mount.target().substring(1);
    if ((mount.source() + place).chars().anyMatch(Character::isWhitespace)) {
      throw new LxcException(
          "'%s' at '%s' cannot be kept: a line of a configuration has no blanks in paths"
              .formatted(mount.source(), mount.target()));
    }
    String create = "create=" + (Files.isDirectory(mount.source()) ? "dir" : "file");
    return mount.layered()
        ? "%1$s %2$s overlay lowerdir=%1$s,%3$s 0 0".formatted(mount.source(), place, create)
        : "%s %s none bind,%s,%s 0 0"
            .formatted(mount.source(), place, String.join(",", mount.options()), create);
  }

  private static MountRequest tmpfs(String target, List<String> options) {
    Optional<Long> size = Optional.empty();
    int mode = MountRequest.Tmpfs.DEFAULT_MODE;
    List<String> plain = new ArrayList<>();
    for (String option : options) {
      if (option.startsWith("size=")) {
        size = Optional.of(ByteSize.parse(option.substring("size=".length())));
      } else if (option.startsWith("mode=")) {
        mode = Integer.parseInt(option.substring("mode=".length()), 8);
      } else if (!option.startsWith("create=")
          && !Set.of("defaults", "optional", "relatime").contains(option)) {
        plain.add(option);
      }
    }
    for (String usual : List.of("exec", "suid")) { // as with LXC; nodes for devices are of no use
      if (!plain.contains("no" + usual) && !plain.contains(usual)) {
        plain.add(usual);
      }
    }
    return new MountRequest.Tmpfs(target, size, mode, plain);
  }
}
