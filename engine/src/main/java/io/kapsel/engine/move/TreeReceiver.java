package io.kapsel.engine.move;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.OpenHow;
import io.kapsel.linux.file.Trees;
import java.io.IOException;

/**
 * Makes a tree what a {@link TreeSender} says. What it says is not trusted: no path leads out of
 * the tree, also not through a link that was sent before.
 */
public final class TreeReceiver {
  private static final int MOST_LINKS = OpenHow.BENEATH | OpenHow.NO_LINKS;
  private static final OpenHow DIRECTORY =
      OpenHow.of(OpenFlags.DIRECTORY | OpenFlags.NO_FOLLOW).resolving(MOST_LINKS);
  private static final OpenHow PLACE =
      OpenHow.of(OpenFlags.PATH | OpenFlags.NO_FOLLOW).resolving(MOST_LINKS);
  private static final int PLAIN = OpenFlags.WRITE | OpenFlags.NO_FOLLOW | OpenFlags.NON_BLOCKING;
  private static final OpenHow EXISTING = OpenHow.of(PLAIN).resolving(MOST_LINKS);
  private static final OpenHow NEW =
      OpenHow.of(PLAIN | OpenFlags.EXCLUSIVE).creating(0600).resolving(MOST_LINKS);

  private final Wire wire;
  private final Fd top;

  private TreeReceiver(Wire wire, Fd top) {
    this.wire = wire;
    this.top = top;
  }

  /** Takes one round into the directory {@code top}. */
  public static void round(Wire wire, Fd top) throws IOException {
    new TreeReceiver(wire, top).run();
  }

  private void run() throws IOException {
    for (int kind = wire.octet(); kind != TreeOps.END; kind = wire.octet()) {
      if (kind < 0) {
        throw new IOException("the other engine has hung up");
      }
      String path = wire.text();
      try {
        take(kind, path);
      } catch (SyscallException e) {
        throw new SyscallException(e.call(), path, e.errno());
      }
    }
  }

  private void take(int kind, String path) throws IOException {
    if (path.isEmpty() && kind == TreeOps.STATE) {
      FileState.read(wire).apply(top);
      return;
    }
    int slash = path.lastIndexOf('/');
    String name = path.substring(slash + 1);
    check(name, path);
    try (Fd parent = slash < 0 ? top.duplicate() : open(path.substring(0, slash))) {
      take(kind, parent, name);
    }
  }

  private static void check(String name, String path) throws IOException {
    if (name.isEmpty() || name.equals(".") || name.equals("..") || path.indexOf('\0') >= 0) {
      throw new IOException("the other engine sends '" + path + "', which is no name of a file");
    }
  }

  private Fd open(String path) {
    return Open.at(top, path, DIRECTORY);
  }

  private void take(int kind, Fd parent, String name) throws IOException {
    switch (kind) {
      case TreeOps.DIRECTORY -> Entries.makeDirectory(parent, name, 0700);
      case TreeOps.FILE -> file(parent, name);
      case TreeOps.LINK -> {
        Entries.symlink(wire.text(), parent, name);
        state(parent, name);
      }
      case TreeOps.NODE -> node(parent, name);
      case TreeOps.HARD_LINK -> hardLink(parent, name);
      case TreeOps.DELETE -> Trees.delete(parent, name);
      case TreeOps.STATE -> state(parent, name);
      default -> throw new IOException("the other engine says what makes no sense");
    }
  }

  private void file(Fd parent, String name) throws IOException {
    boolean fresh = wire.octet() == 1;
    long size = wire.number();
    try (Fd file = Open.at(parent, name, fresh ? NEW : EXISTING)) {
      if (Attributes.status(file).type() != FileType.REGULAR) {
        throw new IOException("'" + name + "' is no file to write into");
      }
      Content.truncate(file, size);
      for (long at = wire.number(); at >= 0; at = wire.number()) {
        if (wire.octet() == 1) {
          Content.writeAt(file, at, wire.bytes(BlockDigests.BLOCK));
        } else {
          Content.punch(file, at, Math.clamp(wire.number(), 1, BlockDigests.BLOCK));
        }
      }
      FileState.read(wire).apply(file);
    }
  }

  private void node(Fd parent, String name) throws IOException {
    FileType type = FileType.ofMode((int) wire.number());
    DeviceNumber device = new DeviceNumber((int) wire.number(), (int) wire.number());
    if (type == FileType.DIRECTORY || type == FileType.REGULAR || type == FileType.LINK) {
      throw new IOException("the other engine says what makes no sense");
    }
    Entries.makeNode(parent, name, type, 0, device);
    state(parent, name);
  }

  private void hardLink(Fd parent, String name) throws IOException {
    String other = wire.text();
    int slash = other.lastIndexOf('/');
    check(other.substring(slash + 1), other);
    try (Fd from = slash < 0 ? top.duplicate() : open(other.substring(0, slash))) {
      Entries.link(from, other.substring(slash + 1), parent, name);
    }
  }

  private void state(Fd parent, String name) throws IOException {
    FileState state = FileState.read(wire);
    FileStatus status = Attributes.status(parent, name);
    if (status.type() == FileType.DIRECTORY) {
      try (Fd directory = Open.at(parent, name, DIRECTORY)) {
        state.apply(directory);
      }
      return;
    }
    try (Fd place = Open.at(parent, name, PLACE)) {
      state.apply(parent, name, place, status.type() == FileType.LINK);
    }
  }
}
