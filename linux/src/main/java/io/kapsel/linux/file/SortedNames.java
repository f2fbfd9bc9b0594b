package io.kapsel.linux.file;

import io.kapsel.linux.Fd;
import io.kapsel.linux.RawText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The names in some directories together, in the order of their bytes. Whoever fills a directory
 * decides how many there are, so no more than some are held: where there are more, the directories
 * are read again for the next ones.
 */
public final class SortedNames {
  private static final int MOST = 8192;
  private static final int FEWEST = 128;

  private final List<Fd> directories;
  private final int most;
  private byte @Nullable [] last;
  private boolean left = true;

  /**
   * Of these directories.
   *
   * @param most how many names are held at a time
   */
  public SortedNames(List<Fd> directories, int most) {
    this.directories = List.copyOf(directories);
    this.most = most;
  }

  /** Of these, for whoever walks a tree: the deeper they lie in it, the fewer names are held. */
  public static SortedNames atDepth(int depth, List<Fd> directories) {
    return new SortedNames(
        directories, Math.max(FEWEST, MOST >> Math.min(depth, Integer.SIZE - 2)));
  }

  /** The next names, each with the directories that have it; none at the end. */
  public Map<String, List<Fd>> next() {
    NavigableMap<byte[], List<Fd>> found = new TreeMap<>(Arrays::compareUnsigned);
    if (left) {
      left = false;
      directories.forEach(each -> Entries.names(each, name -> add(name, each, found)));
      last = found.isEmpty() ? last : found.lastKey();
    }
    Map<String, List<Fd>> named = LinkedHashMap.newLinkedHashMap(found.size());
    found.forEach((name, in) -> named.put(RawText.decode(name), in));
    return named;
  }

  private void add(byte[] name, Fd directory, NavigableMap<byte[], List<Fd>> found) {
    if (last != null && Arrays.compareUnsigned(name, last) <= 0) {
      return;
    }
    if (found.size() == most && Arrays.compareUnsigned(name, found.lastKey()) > 0) {
      left = true;
      return;
    }
    found.merge(name, List.of(directory), SortedNames::both);
    if (found.size() > most) {
      found.pollLastEntry();
      left = true;
    }
  }

  private static List<Fd> both(List<Fd> above, List<Fd> below) {
    List<Fd> all = new ArrayList<>(above);
    all.addAll(below);
    return all;
  }
}
