package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.host.Overlayfs;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A directory as layers show it together: the directories of that path in each layer, the upper
 * ones first, as far as nothing hides them. Each step goes by a descriptor and one name.
 */
record LayeredDirectory(List<Fd> parts) implements AutoCloseable {
  private static final int MOST_LINKS = 40;

  /** Follows a path, and the links in it, without leaving the layers. */
  static LayeredDirectory find(List<Path> layers, String path) {
    Deque<String> names = new ArrayDeque<>(components(path));
    List<String> way = new ArrayList<>();
    LayeredDirectory at = roots(layers);
    int links = 0;
    while (!names.isEmpty() && at.isThere()) {
      String name = names.pop();
      Optional<String> link = at.link(name);
      if (link.isPresent() || name.equals("..")) {
        if (++links > MOST_LINKS) {
          at.close();
          return new LayeredDirectory(List.of());
        }
        List<String> target = components(link.orElse(""));
        List<String> start = new ArrayList<>(link.orElse("").startsWith("/") ? List.of() : way);
        if (name.equals("..") && !start.isEmpty()) {
          start.removeLast();
        }
        start.addAll(target);
        start.reversed().forEach(names::push);
        way.clear();
        at.close();
        at = roots(layers);
      } else {
        way.add(name);
        LayeredDirectory below = at.below(name);
        at.close();
        at = below;
      }
    }
    return at;
  }

  private static List<String> components(String path) {
    return Arrays.stream(path.split("/", -1))
        .filter(each -> !each.isEmpty() && !each.equals("."))
        .toList();
  }

  private static LayeredDirectory roots(List<Path> layers) {
    List<Fd> open = new ArrayList<>();
    layers.forEach(each -> open.add(Open.path(each.toString(), OpenFlags.DIRECTORY)));
    return new LayeredDirectory(open);
  }

  boolean isThere() {
    return !parts.isEmpty();
  }

  /** What a name says if it is a link. */
  private Optional<String> link(String name) {
    for (Fd part : parts) {
      Optional<FileStatus> status = Attributes.find(part, name);
      if (status.isPresent()) {
        return status.get().type() == FileType.LINK
            ? Optional.of(Entries.readLink(part, name))
            : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private LayeredDirectory below(String name) {
    List<Fd> open = new ArrayList<>();
    for (Fd part : parts) {
      Optional<FileStatus> status = Attributes.find(part, name);
      if (status.isEmpty()) {
        continue;
      }
      if (status.get().type() != FileType.DIRECTORY) {
        break; // it hides what lies deeper
      }
      open.add(Open.directory(part, name));
      if (ExtendedAttributes.get(open.getLast(), Overlayfs.OPAQUE).isPresent()) {
        break;
      }
    }
    return new LayeredDirectory(open);
  }

  @Override
  public void close() {
    parts.forEach(Fd::close);
  }
}
