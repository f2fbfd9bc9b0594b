package io.kapsel.engine.spec;

import io.kapsel.base.HexId;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Where a container's root file system comes from. */
public sealed interface RootSource {
  /** A copy-on-write view of this machine's own system, without what is private to it. */
  record Host() implements RootSource {
    @Override
    public String toString() {
      return "host:";
    }
  }

  /** A directory, which stays as it is. */
  record Directory(Path path) implements RootSource {
    /** Checks that it does not depend on a working directory. */
    public Directory {
      requireAbsolute(path);
    }

    @Override
    public String toString() {
      return "dir:" + path;
    }
  }

  /**
   * Directories as layers, which stay as they are.
   *
   * @param paths the upper ones first; each hides files of those below as overlayfs has it
   */
  record Layers(List<Path> paths) implements RootSource {
    /** Checks that they do not depend on a working directory. */
    public Layers {
      paths = List.copyOf(paths);
      paths.forEach(RootSource::requireAbsolute);
    }

    @Override
    public String toString() {
      return Stream.concat(paths.stream().skip(1), paths.stream().limit(1))
          .map(Path::toString)
          .collect(Collectors.joining(":", "overlay:", ""));
    }
  }

  /** A tar archive, plain or compressed. */
  record Archive(Path path) implements RootSource {
    /** Checks that it does not depend on a working directory. */
    public Archive {
      requireAbsolute(path);
    }

    @Override
    public String toString() {
      return "tar:" + path;
    }
  }

  /**
   * An image by its name or id.
   *
   * @param platform for which, where the name leads to images for several
   */
  record Image(String reference, Optional<String> platform) implements RootSource {
    @Override
    public String toString() {
      return reference;
    }
  }

  /**
   * Reads {@code host:}, {@code dir:PATH}, {@code overlay:LOWER:UPPER} or {@code tar:PATH};
   * everything else names an image.
   *
   * @throws InvalidRequestException when it is none of them
   */
  static RootSource parse(String text, Path workingDirectory) {
    int colon = text.indexOf(':');
    String scheme = colon < 0 ? "" : text.substring(0, colon);
    String rest = text.substring(colon + 1);
    return switch (scheme) {
      case "host" -> {
        InvalidRequestException.unless(rest.isEmpty(), "'%s' has text after 'host:'", text);
        yield new Host();
      }
      case "dir" -> new Directory(path(text, rest, workingDirectory));
      case "overlay" -> layers(text, rest, workingDirectory);
      case "tar" -> new Archive(path(text, rest, workingDirectory));
      default -> {
        InvalidRequestException.unless(
            isImage(text),
            "'%s' is not a root file system; use an image's name, host:, dir:PATH,"
                + " overlay:LOWER:UPPER or tar:PATH",
            text);
        yield new Image(text, Optional.empty());
      }
    };
  }

  private static boolean isImage(String text) {
    String hex = text.startsWith("sha256:") ? text.substring(7) : text;
    if (HexId.isPrefix(hex)) {
      return true;
    }
    try {
      Reference.parse(text);
      return true;
    } catch (InvalidSpecException _) {
      return false;
    }
  }

  /** Those below are written from the top to the bottom, and then what lies above. */
  private static Layers layers(String text, String rest, Path workingDirectory) {
    List<String> parts = List.of(rest.split(":", -1));
    InvalidRequestException.unless(parts.size() > 1, "'%s' is not overlay:LOWER:UPPER", text);
    List<Path> all = new ArrayList<>();
    all.add(path(text, parts.getLast(), workingDirectory));
    parts.subList(0, parts.size() - 1).forEach(it -> all.add(path(text, it, workingDirectory)));
    return new Layers(all);
  }

  private static Path path(String text, String rest, Path workingDirectory) {
    InvalidRequestException.unless(!rest.isEmpty(), "'%s' needs a path", text);
    return Texts.path(rest, workingDirectory);
  }

  private static void requireAbsolute(Path path) {
    InvalidRequestException.unless(path.isAbsolute(), "'%s' is not an absolute path", path);
  }
}
