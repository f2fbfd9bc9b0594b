package io.kapsel.linux.file;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A directory whose content is not ours, such as the root of an image. Every path is looked up as
 * if this directory were the root, so no link and no {@code ..} in it leads out.
 */
public final class RootDirectory implements AutoCloseable {
  /** {@link #readEach} ends with the file that brings all that it holds to so many bytes. */
  public static final int MOST_OF_EACH = 1 << 20;

  private static final int HARMLESS = OpenFlags.NON_BLOCKING | OpenFlags.NO_TERMINAL;

  private final Fd fd;

  private RootDirectory(Fd fd) {
    this.fd = fd;
  }

  /** Takes over an open directory. */
  public static RootDirectory of(Fd fd) {
    return new RootDirectory(fd);
  }

  /** Opens a directory at a path that is ours. */
  public static RootDirectory open(String path) {
    return new RootDirectory(Open.path(path, OpenFlags.PATH | OpenFlags.DIRECTORY));
  }

  /** Its descriptor, which it goes on to own. */
  public Fd fd() {
    return fd;
  }

  /** Opens what exists. A FIFO does not block, a terminal does not become ours. */
  public Fd open(String path, int flags) {
    return Open.openInRoot(fd, path, OpenHow.of(harmless(flags)));
  }

  /** The same; nothing when there is no such path. */
  public Optional<Fd> find(String path, int flags) {
    OpenHow how = OpenHow.of(harmless(flags)).resolving(OpenHow.IN_ROOT | OpenHow.NO_MAGIC_LINKS);
    long result = Open.tryAt(fd, path, how);
    if (result == -Errno.ENOENT.number() || result == -Errno.ENOTDIR.number()) {
      return Optional.empty();
    }
    return Optional.of(Fd.adopt((int) Kernel.check(result, Syscall.OPENAT2, path)));
  }

  /** The content of a regular file of at most that many bytes; nothing when there is none. */
  public Optional<byte[]> read(String path, int most) {
    Optional<Fd> found = find(path, OpenFlags.PATH);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    try (Fd place = found.get()) {
      FileStatus status = Attributes.status(place);
      if (status.type() != FileType.REGULAR) {
        throw new SyscallException("read", path, Errno.EINVAL); // nothing that acts when opened
      }
      if (status.size() > most) {
        throw new SyscallException("read", path, Errno.EFBIG); // without a look at any of it
      }
    }
    try (Fd file = open(path, OpenFlags.READ)) {
      return Optional.of(Content.readAll(file, most));
    }
  }

  /**
   * The files of one name in the directories of a directory, by the names of those, in order.
   * Whoever fills it decides how many there are: only the first are looked at, none once {@link
   * #MOST_OF_EACH} bytes are held, and a file that cannot be read hides no other.
   *
   * @param first how many directories are looked at
   * @param most bytes of one file, a longer one is left out
   */
  public Map<String, byte[]> readEach(String directory, String name, int first, int most) {
    Map<String, byte[]> all = new LinkedHashMap<>();
    Optional<Fd> found = find(directory, OpenFlags.PATH | OpenFlags.DIRECTORY);
    if (found.isEmpty()) {
      return all;
    }
    try (Fd open = found.get()) {
      int held = 0;
      for (String each : new SortedNames(List.of(open), first).next().keySet()) {
        if (held >= MOST_OF_EACH) {
          break;
        }
        try {
          Optional<byte[]> content = read(directory + "/" + each + "/" + name, most);
          content.ifPresent(it -> all.put(each, it));
          held += content.map(it -> it.length).orElse(0);
        } catch (SyscallException _) {
          // no plain file of that size
        }
      }
    }
    return all;
  }

  /** Makes what is missing of the directories of {@code path}; the last one, opened with PATH. */
  public Fd makeDirectories(String path, int mode) {
    int flags = OpenFlags.PATH | OpenFlags.DIRECTORY;
    StringBuilder done = new StringBuilder("/");
    Fd current = open("/", flags);
    for (String name : path.split("/", -1)) {
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      done.append(name);
      try (Fd parent = current) {
        current = step(parent, name, done.toString(), mode);
      }
      done.append('/');
    }
    return current;
  }

  @Override
  public void close() {
    fd.close();
  }

  private Fd step(Fd parent, String name, String path, int mode) {
    int flags = OpenFlags.PATH | OpenFlags.DIRECTORY;
    Optional<Fd> there = find(path, flags);
    if (there.isPresent()) {
      return there.get();
    }
    Entries.makeDirectory(parent, name, mode);
    return open(path, flags);
  }

  private static int harmless(int flags) {
    return (flags & OpenFlags.PATH) != 0 ? flags : flags | HARMLESS;
  }
}
