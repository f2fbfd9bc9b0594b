package io.kapsel.image.debian;

import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Entries;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/**
 * Which package each file is of, while packages are unpacked side by side. Where two have the same,
 * it is that of the one that says {@code Replaces}, whichever comes first; see Debian Policy, 7.6.
 */
final class FileOwners {
  private static final int LARGEST_LIST = 64 << 20;

  /**
   * A package with what it may take files from, and its place in the order of all.
   *
   * @param diverts whether it diverts files of others before it is unpacked; see dpkg-divert(1)
   */
  record Owner(DebianPackage each, int order, List<Dependency> replaces, boolean diverts) {
    private boolean replaces(Owner other) {
      return replaces.stream()
          .filter(it -> it.name().equals(other.each.name()))
          .anyMatch(it -> it.bound().map(bound -> bound.allows(other.each.version())).orElse(true));
    }
  }

  /** Whose a file is. */
  enum Verdict {
    /** Nobody else has it. */
    MINE,
    /** Another's, which replaces mine. */
    THEIRS,
    /** Mine, but another's lies there: mine is put aside until all have ended. */
    INSTEAD
  }

  private record Aside(String path, int order) {}

  /**
   * A file of two packages, of which one diverts the other's when its script runs.
   *
   * @param waiting whose file was put aside until then
   */
  record Contested(String path, Owner waiting, Owner other) {}

  private final ReentrantLock lock = new ReentrantLock();
  private static final Pattern MERGED = Pattern.compile("(s?bin|lib[0-9x]*)/.+");

  /** A file as a package spells it, which may be by a link such as {@code /lib}. */
  private record Held(Owner owner, String path) {}

  private final Map<String, Held> owners = new HashMap<>();
  private final Map<DebianPackage, Set<String>> lost = new HashMap<>();
  private final List<Aside> asides = new ArrayList<>();
  private final Map<String, Contested> contested = new TreeMap<>();
  private volatile boolean merged;

  /** From now on {@code /lib} is {@code /usr/lib}, and so on. */
  void mergeUsr() {
    merged = true;
  }

  private String key(String path) {
    return merged && MERGED.matcher(path).matches() ? "usr/" + path : path;
  }

  /** Says whose a file is that a package has. */
  Verdict claim(String path, Owner me) throws IOException {
    lock.lock();
    try {
      Held held = owners.putIfAbsent(key(path), new Held(me, path));
      if (held == null || held.owner.each.equals(me.each)) {
        return Verdict.MINE;
      }
      Owner other = held.owner;
      if (other.replaces(me)) {
        return Verdict.THEIRS;
      }
      if (!me.replaces(other) && (me.diverts || other.diverts) && !contested.containsKey(path)) {
        contested.put(path, new Contested(path, me, other));
        return Verdict.INSTEAD;
      }
      if (!me.replaces(other)) {
        throw new IOException(
            "'%s' is in '%s', too, and neither replaces the other"
                .formatted(path, other.each.name()));
      }
      owners.put(key(path), new Held(me, path));
      lost.computeIfAbsent(other.each, _ -> new HashSet<>()).add("/" + held.path);
      asides.add(new Aside(path, me.order));
      return Verdict.INSTEAD;
    } finally {
      lock.unlock();
    }
  }

  /** The name under which a file waits. */
  static String aside(String name, int order) {
    return name + ".kapsel-" + order;
  }

  /** What only the scripts of packages can settle. */
  List<Contested> contested() {
    return List.copyOf(contested.values());
  }

  /** So that a diversion moves the file of the other package, that of the diverting one waits. */
  private static Contested settle(TargetTree tree, Contested each) {
    if (each.waiting.diverts) {
      return each;
    }
    int slash = each.path.lastIndexOf('/');
    String name = each.path.substring(slash + 1);
    try (Fd parent = tree.directory(each.path.substring(0, Math.max(slash, 0)), 0755)) {
      Entries.rename(parent, name, parent, aside(name, each.other.order));
      Entries.rename(parent, aside(name, each.waiting.order), parent, name);
    }
    return new Contested(each.path, /* waiting= */ each.other, /* other= */ each.waiting);
  }

  /** Puts what waits in its place, and takes it from the lists of those who lost it. */
  void settle(TargetTree tree) {
    contested.replaceAll((_, each) -> settle(tree, each));
    for (Aside each : asides) {
      int slash = each.path.lastIndexOf('/');
      String name = each.path.substring(slash + 1);
      try (Fd parent = tree.directory(each.path.substring(0, Math.max(slash, 0)), 0755)) {
        String waiting = aside(name, each.order);
        Held held = owners.get(key(each.path));
        if (held != null && held.owner.order == each.order) {
          Entries.rename(parent, waiting, parent, name);
        } else {
          Entries.unlink(parent, waiting);
        }
      }
    }
    lost.forEach((loser, paths) -> {
      try (Fd info = DpkgDatabase.info(tree)) {
        String file = DpkgDatabase.prefix(loser) + ".list";
        StringBuilder kept = new StringBuilder();
        new String(Content.readAll(info, file, LARGEST_LIST), StandardCharsets.ISO_8859_1)
            .lines()
            .filter(line -> !paths.contains(line))
            .forEach(line -> kept.append(line).append('\n'));
        DpkgDatabase.write(info, file, kept.toString().getBytes(StandardCharsets.ISO_8859_1), 0644);
      }
    });
  }
}
