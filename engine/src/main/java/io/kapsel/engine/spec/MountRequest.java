package io.kapsel.engine.spec;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Something of the host, or something new, that a container sees at a place of its own. */
public sealed interface MountRequest {
  /** Where in the container. */
  String target();

  /** A file or directory of the host, with what is mounted below it. */
  record Bind(Path source, String target, boolean readOnly, boolean create, String propagation)
      implements MountRequest {
    private static final Set<String> PROPAGATIONS =
        Set.of("private", "rprivate", "slave", "rslave", "shared", "rshared");

    /** Checks each part. */
    public Bind {
      target = Texts.target(target);
      InvalidRequestException.unless(
          source.isAbsolute(), "the source '%s' is not an absolute path", source);
      InvalidRequestException.unless(
          PROPAGATIONS.contains(propagation), "'%s' is not a propagation mode", propagation);
    }
  }

  /** Memory that is gone with the container. */
  record Tmpfs(String target, Optional<Long> size, int mode, List<String> options)
      implements MountRequest {
    /** As wide as /tmp. */
    public static final int DEFAULT_MODE = 01777;

    private static final Set<String> KNOWN =
        Set.of("ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev");

    /** Checks each part. */
    public Tmpfs {
      target = Texts.target(target);
      options = List.copyOf(options);
      for (String option : options) {
        InvalidRequestException.unless(
            KNOWN.contains(option) || option.startsWith("nr_inodes="),
            "'%s' is not an option of a tmpfs",
            option);
      }
      InvalidRequestException.unless(
          (mode & ~07777) == 0, "'%s' is not a mode", Integer.toOctalString(mode));
    }
  }

  /** Reads the operand of {@code -v}: {@code SOURCE:TARGET[:OPTIONS]}. */
  static MountRequest parseVolume(String text, Path workingDirectory) {
    return MountTexts.volume(text, workingDirectory);
  }

  /** Reads the operand of {@code --mount}: {@code type=bind,source=…,target=…}. */
  static MountRequest parseMount(String text, Path workingDirectory) {
    return MountTexts.mount(text, workingDirectory);
  }

  /** Reads the operand of {@code --tmpfs}: {@code TARGET[:OPTIONS]}. */
  static MountRequest parseTmpfs(String text) {
    return MountTexts.tmpfs(text);
  }
}
