package io.kapsel.engine.move;

import io.kapsel.linux.file.FileStatus;
import io.kapsel.linux.file.FileType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the other side has of a tree on one file system. Files are known by their number, so that
 * one which was renamed is linked there and not sent again. It is kept small: trees have many
 * files.
 */
final class SentFiles {
  /** More than that do not fit into the memory of an engine. */
  static final int MOST = 150_000;

  private static final long NANOS = 1_000_000_000L;

  /** A file as the other side has it. */
  static final class Sent {
    private final long inode;
    private final FileType type;
    private final BlockDigests blocks = new BlockDigests();
    private String name;

    /** Those after the first. */
    private List<String> others = List.of();

    private long changed;
    private long modified;
    private long size = -1;
    private int sentIn;
    private int seenIn;
    private boolean doubtful;

    private Sent(String name, FileStatus status) {
      this.name = name;
      this.inode = status.inode();
      this.type = status.type();
    }

    boolean is(FileStatus status) {
      return inode == status.inode() && type == status.type();
    }

    /** All names that the other side has for it. */
    List<String> names() {
      List<String> all = new ArrayList<>(others);
      all.add(name);
      return all;
    }

    BlockDigests blocks() {
      return blocks;
    }

    /**
     * What is to be seen of it now is on its way.
     *
     * @param safe what has changed before that moment, is seen by its times if it changes again
     */
    void note(FileStatus status, int round, Instant safe) {
      changed = nanos(status.changed());
      modified = nanos(status.modified());
      size = status.size();
      sentIn = round;
      doubtful = !status.changed().isBefore(safe);
    }

    /** Whether it may be another than the one that was sent; once in a round is enough. */
    boolean isStale(FileStatus status, int round) {
      return changed != nanos(status.changed())
          || modified != nanos(status.modified())
          || size != status.size()
          || (doubtful && sentIn != round);
    }

    /** Only ever compared with another. */
    private static long nanos(Instant time) {
      return time.getEpochSecond() * NANOS + time.getNano();
    }
  }

  private final TreeMap<String, Sent> byName = new TreeMap<>();
  private final Map<Long, Sent> byInode = new HashMap<>();

  /** Of files with several names, those that were seen in this round. */
  private final Set<String> seenLinks = new HashSet<>();

  private int round;

  void begin(int number) {
    round = number;
    seenLinks.clear();
  }

  Optional<Sent> find(String path) {
    return Optional.ofNullable(byName.get(path));
  }

  /** A name that the other side has for the same file. */
  Optional<String> otherName(FileStatus status) {
    return Optional.ofNullable(byInode.get(status.inode()))
        .filter(found -> found.is(status) && status.type() != FileType.DIRECTORY)
        .map(found -> found.name);
  }

  /** One that the other side gets now, and that is there in this round. */
  Sent add(String path, FileStatus status) {
    Sent known = byInode.get(status.inode());
    if (known == null || !known.is(status)) {
      Sent made = new Sent(path, status);
      byInode.put(made.inode, made);
      byName.put(path, made);
      made.seenIn = round;
      return made;
    }
    if (known.others.isEmpty()) {
      known.others = new ArrayList<>();
      if (known.seenIn == round) {
        seenLinks.add(known.name);
      }
    }
    known.others.add(path);
    byName.put(path, known);
    seenLinks.add(path);
    return known;
  }

  boolean isFull() {
    return byName.size() >= MOST;
  }

  /** It is there in this round. */
  void see(String path) {
    Sent known = byName.get(path);
    if (known != null && known.others.isEmpty()) {
      known.seenIn = round;
    } else if (known != null) {
      seenLinks.add(path);
    }
  }

  /** Forgets a name and all below it: the other side has them no more. */
  void forget(String path) {
    drop(path);
    List.copyOf(byName.subMap(path + "/", path + "0").keySet()).forEach(this::drop);
  }

  private void drop(String path) {
    Sent gone = byName.remove(path);
    if (gone == null) {
      return;
    }
    if (gone.others.isEmpty()) {
      byInode.remove(gone.inode, gone);
      return;
    }
    if (gone.name.equals(path)) {
      gone.name = gone.others.removeFirst();
    } else {
      gone.others.remove(path);
    }
    if (gone.others.isEmpty()) {
      gone.seenIn = seenLinks.contains(gone.name) ? round : 0;
    }
  }

  /** Names that are there and were not seen in this round. */
  List<String> missing() {
    List<String> all = new ArrayList<>();
    byName.forEach((path, sent) -> {
      boolean seen = sent.others.isEmpty() ? sent.seenIn == round : seenLinks.contains(path);
      if (!seen) {
        all.add(path);
      }
    });
    return all;
  }
}
