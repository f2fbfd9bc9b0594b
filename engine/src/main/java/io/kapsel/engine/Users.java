package io.kapsel.engine;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Attributes;
import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.RootDirectory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The users and groups of a root file system, read from its layers by descriptors that lead nowhere
 * else; see passwd(5) and group(5).
 */
final class Users {
  private static final List<String> FILES = List.of("/etc/passwd", "/etc/group");
  private static final Stamp MISSING = new Stamp(-1, -1, java.time.Instant.EPOCH);
  private static final int LARGEST = 1 << 20;
  private static final long LARGEST_ID = 65_535;

  private final List<String[]> passwd;
  private final List<String[]> group;

  /** Who a process is. */
  public record Account(long uid, long gid, List<Long> groups, String home) {}

  private Users(List<String[]> passwd, List<String[]> group) {
    this.passwd = passwd;
    this.group = group;
  }

  /** Tells one version of a file from another. */
  record Stamp(long inode, long size, java.time.Instant modified) {}

  /** What the users of these layers are read from, without reading it. */
  static List<Stamp> stamps(List<Path> layers) {
    List<Stamp> stamps = new ArrayList<>();
    for (Path layer : layers) {
      try (RootDirectory root = RootDirectory.open(layer.toString())) {
        for (String file : FILES) {
          root.find(file, OpenFlags.PATH)
              .ifPresentOrElse(each -> stamps.add(stamp(each)), () -> stamps.add(MISSING));
        }
      } catch (SyscallException e) {
        throw new EngineException.Invalid("read", layer.toString(), String.valueOf(e.getMessage()));
      }
    }
    return stamps;
  }

  private static Stamp stamp(Fd file) {
    try (file) {
      FileStatus status = Attributes.status(file);
      return new Stamp(status.inode(), status.size(), status.modified());
    }
  }

  /** Of a root that is made of these layers, the upper ones first. */
  public static Users in(List<Path> layers) {
    return new Users(lines(layers, "/etc/passwd", 7), lines(layers, "/etc/group", 4));
  }

  private static List<String[]> lines(List<Path> layers, String file, int fields) {
    for (Path layer : layers) {
      try (RootDirectory root = RootDirectory.open(layer.toString())) {
        if (isHidden(root, file)) {
          return List.of();
        }
        Optional<byte[]> text = root.read(file, LARGEST);
        if (text.isPresent()) {
          return new String(text.get(), StandardCharsets.UTF_8)
              .lines()
              .map(line -> line.split(":", -1))
              .filter(parts -> parts.length >= fields)
              .toList();
        }
      } catch (SyscallException e) {
        throw new EngineException.Invalid("read", file, String.valueOf(e.getMessage()));
      }
    }
    return List.of();
  }

  /** Whether the layer takes the file of those below away, as overlayfs says that. */
  private static boolean isHidden(RootDirectory root, String file) {
    try (Fd found = root.find(file, OpenFlags.PATH).orElse(Fd.CWD)) {
      return found != Fd.CWD && Attributes.status(found).type() == FileType.CHARACTER_DEVICE;
    }
  }

  /** The account for {@code USER[:GROUP]}, by names or numbers, with groups added. */
  public Account find(Optional<String> user, List<String> more) {
    String[] parts = user.orElse("0").split(":", 2);
    Optional<String[]> entry = entry(passwd, parts[0]);
    long uid = entry.map(each -> number(each[2])).orElseGet(() -> id(parts[0], "user"));
    long gid =
        parts.length > 1 && !parts[1].isEmpty()
            ? groupId(parts[1])
            : entry.map(each -> number(each[3])).orElse(0L);
    List<Long> groups = new ArrayList<>(List.of(gid)); // else a group that is denied can be left
    if (parts.length == 1) {
      entry.ifPresent(each -> memberships(each[0], groups));
    }
    for (String name : more) {
      long id = groupId(name);
      if (!groups.contains(id)) {
        groups.add(id);
      }
    }
    String home = entry.map(each -> each[5]).filter(each -> !each.isEmpty()).orElse("/");
    return new Account(uid, gid, groups, uid == 0 && entry.isEmpty() ? "/root" : home);
  }

  private void memberships(String name, List<Long> groups) {
    for (String[] each : group) {
      long id = number(each[2]);
      if (List.of(each[3].split(",")).contains(name) && !groups.contains(id)) {
        groups.add(id);
      }
    }
  }

  private long groupId(String name) {
    return entry(group, name).map(each -> number(each[2])).orElseGet(() -> id(name, "group"));
  }

  /** By name, or by number for the other fields of the line. */
  private static Optional<String[]> entry(List<String[]> lines, String name) {
    return lines.stream()
        .filter(each -> each[0].equals(name))
        .findFirst()
        .or(() -> lines.stream().filter(each -> each[2].equals(name)).findFirst());
  }

  private static long number(String text) {
    return text.matches("\\d{1,10}") ? Long.parseLong(text) : 0;
  }

  private static long id(String text, String kind) {
    if (text.isEmpty() || !text.matches("\\d{1,10}")) {
      throw Refusals.invalid("unable to find %s %s: no matching entries", kind, text);
    }
    long id = Long.parseLong(text);
    if (id > LARGEST_ID) {
      throw Refusals.invalid("%s id %s is not between 0 and 65535", kind, text);
    }
    return id;
  }
}
