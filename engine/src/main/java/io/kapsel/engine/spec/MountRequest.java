package io.kapsel.engine.spec;

import io.kapsel.base.Names;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Something of the host, or something new, that a container sees at a place of its own. */
public sealed interface MountRequest {
  /** Where in the container. */
  String target();

  /**
   * A file or directory of the host, with what is mounted below it.
   *
   * @param layered whether what is written goes to a layer of the container's own: then it is a
   *     directory alone, which stays as it is
   * @param denied what nobody may do there, of {@link #DENIALS}; see mount(8)
   */
  record Bind(
      Path source,
      String target,
      boolean readOnly,
      boolean create,
      String propagation,
      boolean layered,
      List<String> denied)
      implements MountRequest {
    /** What is written goes to the host. */
    public Bind(Path source, String target, boolean readOnly, boolean create, String propagation) {
      this(source, target, readOnly, create, propagation, false, List.of());
    }

    /** What may be denied: other users by set-user-ID programs, programs at all, devices. */
    public static final Set<String> DENIALS = Set.of("nosuid", "noexec", "nodev");

    private static final Set<String> PROPAGATIONS =
        Set.of("private", "rprivate", "slave", "rslave", "shared", "rshared");

    /** Checks each part. */
    public Bind {
      target = Texts.target(target);
      InvalidRequestException.unless(
          source.isAbsolute(), "the source '%s' is not an absolute path", source);
      InvalidRequestException.unless(
          PROPAGATIONS.contains(propagation), "'%s' is not a propagation mode", propagation);
      InvalidRequestException.unless(
          !layered || (!readOnly && !create && propagation.equals("rprivate")),
          "a layer above '%s' is written, and shared with nobody",
          source);
      denied = denied.stream().distinct().sorted().toList();
      for (String each : denied) {
        InvalidRequestException.unless(
            DENIALS.contains(each), "'%s' is not an option of a bind mount", each);
      }
    }

    /** The same, where nobody may do these. */
    public Bind denying(Collection<String> those) {
      return new Bind(source, target, readOnly, create, propagation, layered, List.copyOf(those));
    }

    /** {@code ro} or {@code rw}, and what is denied. */
    public List<String> options() {
      return Stream.concat(Stream.of(readOnly ? "ro" : "rw"), denied.stream()).toList();
    }

    private Bind asShared(boolean readOnlyThere) {
      return new Bind(
          source, target, readOnly || readOnlyThere, create, propagation, false, denied);
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

  /**
   * A directory that the engine keeps, whatever becomes of containers.
   *
   * @param name empty: one that is made for this container and has no name of its own
   * @param copy whether an empty one gets what the root file system has at that place
   * @param made how it is made when there is none of that name
   * @param part the way from its directory to what is shown of it; absent: all
   */
  record Volume(
      String name,
      String target,
      boolean readOnly,
      boolean copy,
      Map<String, String> made,
      Optional<String> part)
      implements MountRequest {
    /** All of it. */
    public Volume(
        String name, String target, boolean readOnly, boolean copy, Map<String, String> made) {
      this(name, target, readOnly, copy, made, Optional.empty());
    }

    /** Checks each part. */
    public Volume {
      target = Texts.target(target);
      made = Map.copyOf(made);
      InvalidRequestException.unless(
          name.isEmpty() || Names.isValid(name),
          "'%s' includes invalid characters for a volume name, only [a-zA-Z0-9][a-zA-Z0-9_.-] are"
              + " allowed",
          name);
      part.ifPresent(Volume::checkPart);
    }

    private static void checkPart(String way) {
      InvalidRequestException.unless(
          !way.isEmpty()
              && !way.startsWith("/")
              && way.chars().noneMatch(c -> c == 0 || c == '\n')
              && !List.of(way.split("/")).contains(".."),
          "volume-subpath '%s' is no relative path below the volume",
          way);
    }

    /** The same with the name that it got. */
    public Volume named(String given) {
      return new Volume(given, target, readOnly, copy, made, part);
    }
  }

  /** The same for another container; nothing of what one container has for itself. */
  static Optional<MountRequest> shared(MountRequest mount, boolean readOnly) {
    return switch (mount) {
      case Tmpfs _ -> Optional.empty();
      case Bind it when it.layered -> Optional.empty();
      case Bind it -> Optional.of(it.asShared(readOnly));
      case Volume it ->
          Optional.of(
              new Volume(it.name, it.target, it.readOnly || readOnly, it.copy, Map.of(), it.part));
    };
  }

  /** Reads the operand of {@code -v}: {@code [SOURCE:]TARGET[:OPTIONS]}. */
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
