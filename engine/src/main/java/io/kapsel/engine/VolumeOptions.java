package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.mount.FilesystemContext;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.Mounts;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is mounted in a volume: {@code type}, {@code device} and {@code o} as mount(8) has them. It
 * is there while a container runs that uses it.
 */
final class VolumeOptions {
  private static final Set<String> KNOWN = Set.of("type", "device", "o", "size");
  private static final Map<String, Long> FLAGS =
      Map.of(
          "ro", MountAttributes.READ_ONLY,
          "nosuid", MountAttributes.NO_SUID,
          "nodev", MountAttributes.NO_DEVICES,
          "noexec", MountAttributes.NO_EXECUTION,
          "noatime", MountAttributes.NO_ACCESS_TIME);
  private static final Set<String> PLAIN =
      Set.of("rw", "suid", "dev", "exec", "defaults", "relatime", "async");

  private VolumeOptions() {}

  static void check(String name, Map<String, String> options) {
    for (String key : options.keySet()) {
      if (!KNOWN.contains(key)) {
        throw new EngineException.Invalid("create", name, "invalid option: \"" + key + "\"");
      }
    }
    boolean memory = options.getOrDefault("type", "").equals("tmpfs");
    VolumeImage.check(name, options);
    if (VolumeImage.size(options).isPresent()) {
      return;
    }
    if (options.containsKey("size") && !memory) {
      throw new EngineException.Refused(
          "create", name, "a size goes alone, or with type=tmpfs: what is there has its own");
    }
    if (!options.isEmpty() && !options.containsKey("device") && !memory) {
      throw new EngineException.Invalid("create", name, "missing device in volume options");
    }
    if (options.containsKey("device") && !options.containsKey("type") && !binds(options)) {
      throw new EngineException.Invalid("create", name, "missing type in volume options");
    }
  }

  private static boolean binds(Map<String, String> options) {
    return Set.of(options.getOrDefault("o", "").split(",", -1)).stream()
        .anyMatch(each -> each.equals("bind") || each.equals("rbind"));
  }

  /** Does nothing where it is mounted already. */
  static void mount(Volume volume) {
    if (volume.options().isEmpty() || mounted(volume)) {
      return;
    }
    try (Fd place = Open.path(volume.content().toString(), OpenFlags.PATH);
        Fd made = made(volume)) {
      Mounts.move(made, place);
    } catch (SyscallException e) {
      throw new EngineException.Failed("mount", volume.name(), String.valueOf(e.getMessage()), e);
    }
  }

  private static Fd made(Volume volume) {
    Map<String, String> options = volume.options();
    if (stays(volume)) {
      return VolumeImage.open(volume.place());
    }
    String device = options.getOrDefault("device", options.getOrDefault("type", ""));
    List<String> all = List.of(options.getOrDefault("o", "").split(",", -1));
    if (binds(options)) {
      return bound(device, attributes(all));
    }
    try (FilesystemContext context = FilesystemContext.open(options.getOrDefault("type", ""))) {
      context.option("source", device);
      for (String option : all) {
        if (!option.isEmpty() && !FLAGS.containsKey(option) && !PLAIN.contains(option)) {
          set(context, option);
        }
      }
      if (options.containsKey("size")) {
        context.option("size", options.get("size"));
      }
      return context.mount(attributes(all));
    }
  }

  /** Those of {@link MountAttributes} that are among them. */
  static long attributes(List<String> options) {
    return options.stream()
        .mapToLong(each -> FLAGS.getOrDefault(each, 0L))
        .reduce(0, (all, each) -> all | each);
  }

  /** A directory of the host with what is mounted below it. */
  private static Fd bound(String source, long attributes) {
    Fd tree = Mounts.openTree(source, Mounts.CLONE | Mounts.RECURSIVE);
    try {
      Mounts.setAttributes(tree, Mounts.RECURSIVE, MountAttributes.privately(attributes));
      return tree;
    } catch (SyscallException e) {
      tree.close();
      throw e;
    }
  }

  private static void set(FilesystemContext context, String option) {
    int equals = option.indexOf('=');
    if (equals < 0) {
      context.flag(option);
    } else {
      context.option(option.substring(0, equals), option.substring(equals + 1));
    }
  }

  /** Whether it is mounted as long as there is the volume, not only while it is used. */
  static boolean stays(Volume volume) {
    return VolumeImage.size(volume.options()).isPresent();
  }

  /** Whether something is mounted on the directory. */
  private static boolean mounted(Volume volume) {
    try (Fd above = Open.path(volume.content().resolve("..").toString(), OpenFlags.DIRECTORY);
        Fd place = Open.path(volume.content().toString(), OpenFlags.PATH)) {
      return Attributes.status(above).mountId() != Attributes.status(place).mountId();
    }
  }

  static void unmount(Volume volume) {
    try {
      while (!volume.options().isEmpty() && mounted(volume)) {
        Mounts.detach(volume.content().toString());
      }
    } catch (SyscallException e) {
      throw new EngineException.Failed("unmount", volume.name(), String.valueOf(e.getMessage()), e);
    }
  }
}
