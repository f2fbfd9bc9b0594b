package io.kapsel.image.tar;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * One member of an archive. Names are {@link io.kapsel.linux.RawText}: any bytes survive.
 *
 * @param link what a link says
 * @param size bytes of the file, holes included
 * @param segments where the bytes of a sparse file lie; empty: it has no holes
 * @param xattrs extended attributes, whose values are bytes
 */
public record TarEntry(
    Type type,
    String name,
    String link,
    int mode,
    long uid,
    long gid,
    long size,
    Instant modified,
    int major,
    int minor,
    Map<String, byte[]> xattrs,
    List<Segment> segments) {
  /** What kind of member. */
  public enum Type {
    /** A regular file. */
    FILE('0'),
    /** A second name of an earlier member. */
    HARD_LINK('1'),
    /** A symbolic link. */
    SYMLINK('2'),
    /** A character device. */
    CHARACTER_DEVICE('3'),
    /** A block device. */
    BLOCK_DEVICE('4'),
    /** A directory. */
    DIRECTORY('5'),
    /** A named pipe. */
    FIFO('6');

    private final char flag;

    Type(char flag) {
      this.flag = flag;
    }

    /** The type flag in a header. */
    char flag() {
      return flag;
    }
  }

  /** A piece of a sparse file that is not a hole. */
  public record Segment(long offset, long length) {}

  /** Copies lists and maps. */
  public TarEntry {
    xattrs = Map.copyOf(xattrs);
    segments = List.copyOf(segments);
  }
}
