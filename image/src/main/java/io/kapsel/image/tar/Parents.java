package io.kapsel.image.tar;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The directories that members of an archive stand in. The last one stays open, for most members
 * stand beside the one before.
 */
final class Parents implements AutoCloseable {
  private static final OpenHow DIRECTORY =
      OpenHow.of(OpenFlags.DIRECTORY).resolving(OpenHow.IN_ROOT | OpenHow.NO_MAGIC_LINKS);
  private static final int MOST_LINKS = 40;

  private final Fd root;
  private final List<Fd> lowers;
  private final Nodes nodes;
  private final Set<String> made = new HashSet<>();
  private @Nullable String last;
  private @Nullable Fd open;

  Parents(Fd root, List<Fd> lowers, Nodes nodes) {
    this.root = root;
    this.nodes = nodes;
    this.lowers = lowers;
  }

  /** The directory, made where it is missing; it stays open until the next call. */
  Fd open(String path) throws IOException {
    Fd known = open;
    if (known != null && path.equals(last)) {
      return known;
    }
    forget();
    Fd found = find(path);
    open = found;
    last = path;
    return found;
  }

  /** The same, which the caller closes. */
  Fd find(String path) throws IOException {
    return find(path, MOST_LINKS);
  }

  private Fd find(String path, int links) throws IOException {
    if (path.isEmpty()) {
      return root.duplicate();
    }
    try {
      return Open.at(root, path, DIRECTORY);
    } catch (SyscallException e) {
      if (!e.isMissing()) {
        throw e;
      }
    }
    if (links == 0) {
      throw new TarException("more than 40 links lead from one to the next");
    }
    int slash = path.lastIndexOf('/');
    String name = path.substring(slash + 1);
    String above = slash < 0 ? "" : path.substring(0, slash);
    Optional<String> target = linkBelow(path);
    if (target.isPresent()) {
      return find(resolve(above, target.get()), links - 1);
    }
    try (Fd parent = find(above, links)) {
      make(parent, name, path);
      return Open.directory(parent, name);
    } catch (SyscallException e) {
      if (e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
        throw new TarException("a name leads through a link to nowhere: '" + path + "'");
      }
      throw e;
    }
  }

  private void make(Fd parent, String name, String path) {
    if (!Entries.ensureDirectory(parent, name, 0755)) {
      return;
    }
    made.add(path);
    Optional<Fd> below = directoryBelow(path);
    if (below.isEmpty()) {
      return;
    }
    try (Fd from = below.get();
        Fd to = Open.directory(parent, name)) {
      FileStatus status = Attributes.status(from);
      Attributes.own(to, status.uid(), status.gid());
      Attributes.mode(to, status.mode());
      nodes.inherit(status.mode());
      for (String attribute : ExtendedAttributes.list(from)) {
        byte[] value = ExtendedAttributes.get(from, attribute).orElse(new byte[0]);
        if (Xattrs.isKept(attribute, value)) {
          ExtendedAttributes.set(to, attribute, value);
        }
      }
    }
  }

  private Optional<Fd> directoryBelow(String path) {
    for (Fd lower : lowers) {
      try {
        return Optional.of(Open.at(lower, path, DIRECTORY));
      } catch (SyscallException e) {
        if (!e.isMissing()) {
          return Optional.empty(); // something else hides what lies deeper
        }
      }
    }
    return Optional.empty();
  }

  /** What a link of a lower layer says at that very name; nothing when there is none. */
  private Optional<String> linkBelow(String path) {
    OpenHow how =
        OpenHow.of(OpenFlags.PATH | OpenFlags.NO_FOLLOW)
            .resolving(OpenHow.IN_ROOT | OpenHow.NO_MAGIC_LINKS);
    for (Fd lower : lowers) {
      try (Fd found = Open.at(lower, path, how)) {
        return Attributes.status(found).type() == FileType.LINK
            ? Optional.of(Entries.readLink(found, ""))
            : Optional.empty();
      } catch (SyscallException e) {
        if (!e.isMissing()) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  private static String resolve(String above, String target) {
    StringBuilder path = new StringBuilder(target.startsWith("/") ? "" : above);
    for (String part : target.split("/", -1)) {
      if (part.equals("..")) {
        path.setLength(Math.max(0, path.lastIndexOf("/")));
      } else if (!part.isEmpty() && !part.equals(".")) {
        path.append(path.isEmpty() ? "" : "/").append(part);
      }
    }
    return path.toString();
  }

  /** The archive has that directory itself, after all. */
  void explicit(String path) {
    made.remove(path);
  }

  /** Whether the archive does not have all directories that its members stand in. */
  boolean implied() {
    return !made.isEmpty();
  }

  private void forget() {
    Fd known = open;
    if (known != null) {
      known.close();
      open = null;
      last = null;
    }
  }

  @Override
  public void close() {
    forget();
  }
}
