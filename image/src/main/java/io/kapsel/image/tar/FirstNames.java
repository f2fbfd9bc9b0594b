package io.kapsel.image.tar;

import io.kapsel.linux.file.DeviceNumber;
import io.kapsel.linux.file.FileStatus;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Under which name an archive has a file already that has several. Only so many are remembered:
 * what is forgotten stands in the archive once more.
 */
public final class FirstNames {
  private static final int MOST_BYTES = 6 << 20;
  private static final int EACH = 64;

  private record Identity(DeviceNumber filesystem, long inode) {}

  private final Map<Identity, String> names = new HashMap<>();
  private final int most;
  private int bytes;

  /** Remembers as many as there is room for. */
  public FirstNames() {
    this(MOST_BYTES);
  }

  FirstNames(int most) {
    this.most = most;
  }

  /** The name that it has already; nothing, and {@code name} is remembered, when it has none. */
  public Optional<String> of(FileStatus status, String name) {
    if (status.links() <= 1) {
      return Optional.empty();
    }
    Identity identity = new Identity(status.filesystem(), status.inode());
    Optional<String> first = Optional.ofNullable(names.get(identity));
    if (first.isEmpty() && bytes + EACH + name.length() <= most) {
      bytes += EACH + name.length();
      names.put(identity, name);
    }
    return first;
  }
}
