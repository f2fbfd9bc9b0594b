package io.kapsel.engine.move;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.ExtendedAttributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.host.Overlayfs;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/** What belongs to a file besides its name and content, as it goes to another machine. */
record FileState(int mode, int uid, int gid, Instant modified, Map<String, byte[]> attributes) {
  private static final String CAPABILITY = "security.capability";
  private static final String WITHOUT_CONTENT = Overlayfs.ATTRIBUTES + "metacopy";
  private static final int MOST_ATTRIBUTES = 1000;
  private static final int LONGEST_VALUE = 1 << 16;

  /** That of an open file, also of one that was opened with PATH. */
  static FileState of(Fd fd, FileStatus status) {
    Map<String, byte[]> all = new TreeMap<>();
    for (String name : ExtendedAttributes.list(fd)) {
      if (name.equals(WITHOUT_CONTENT)) {
        throw new UnsendableException(
            "a file in its layer has attributes without its content (metacopy)");
      }
      if (travels(name)) {
        ExtendedAttributes.get(fd, name).ifPresent(value -> all.put(name, value));
      }
    }
    return new FileState(status.mode(), status.uid(), status.gid(), status.modified(), all);
  }

  /**
   * Labels belong to a host. Of what overlayfs says, what hides and what was renamed holds on
   * another one, what names files of the layer below does not.
   */
  private static boolean travels(String name) {
    if (Overlayfs.isAttribute(name)) {
      return name.equals(Overlayfs.ATTRIBUTES + "opaque")
          || name.equals(Overlayfs.ATTRIBUTES + "redirect");
    }
    return name.equals(CAPABILITY)
        || isAcl(name)
        || (!name.startsWith("security.") && !name.startsWith("system."));
  }

  private static boolean isAcl(String name) {
    return name.startsWith("system.posix_acl_");
  }

  void write(Wire wire) throws IOException {
    wire.number(mode);
    wire.number(uid);
    wire.number(gid);
    wire.number(modified.getEpochSecond());
    wire.number(modified.getNano());
    wire.number(attributes.size());
    for (Map.Entry<String, byte[]> each : attributes.entrySet()) {
      wire.text(Overlayfs.elsewhere(each.getKey()));
      wire.bytes(each.getValue());
    }
  }

  static FileState read(Wire wire) throws IOException {
    int mode = (int) wire.number() & 07777;
    int uid = (int) wire.number();
    int gid = (int) wire.number();
    long seconds = wire.number();
    Instant modified = Instant.ofEpochSecond(seconds, wire.number());
    Map<String, byte[]> all = new TreeMap<>();
    long count = wire.number();
    if (count < 0 || count > MOST_ATTRIBUTES) {
      throw new IOException("what comes from the other engine makes no sense");
    }
    for (long i = 0; i < count; i++) {
      String name = Overlayfs.here(wire.text());
      all.put(name, wire.bytes(LONGEST_VALUE));
    }
    return new FileState(mode, uid, gid, modified, all);
  }

  /** Gives all of it to an open file or directory. */
  void apply(Fd fd) {
    // The owner first: changing it takes set-user-id bits away, and capabilities of files.
    Attributes.own(fd, uid, gid);
    applyAttributes(fd);
    Attributes.mode(fd, mode);
    Attributes.times(fd, modified, modified);
  }

  /** Gives all of it to what cannot be opened: links, devices, pipes, sockets. */
  void apply(Fd dir, String name, Fd place, boolean link) {
    Attributes.own(dir, name, uid, gid);
    applyAttributes(place);
    if (!link) {
      Attributes.mode(dir, name, mode);
    }
    Attributes.times(dir, name, modified, modified);
  }

  private void applyAttributes(Fd fd) {
    for (String name : ExtendedAttributes.list(fd)) {
      if (!attributes.containsKey(name) && travels(name)) {
        ExtendedAttributes.remove(fd, name);
      }
    }
    attributes.forEach((name, value) -> ExtendedAttributes.set(fd, name, value));
  }
}
