package io.kapsel.engine.files;

import java.io.IOException;
import java.util.Optional;

/**
 * How users of files are numbered on both sides.
 *
 * @param first the number out here of the root in there
 * @param count how many there are in there
 * @param owner whose all files become that are written; empty: they stay whose they are
 */
public record Ids(long first, long count, Optional<Owner> owner) {
  private static final long ALL = 0xffff_ffffL; // the last one means: leave it as it is
  private static final long NOBODY = 65534;

  /** A user and a group, in there. */
  public record Owner(long uid, long gid) {}

  /** The same numbers on both sides. */
  public static Ids same() {
    return new Ids(0, ALL, Optional.empty());
  }

  /** The numbers from {@code first} on, which are 0 and more in there. */
  public static Ids from(long first, long count) {
    return new Ids(first, count, Optional.empty());
  }

  /** The same, with all files given to one. */
  public Ids givenTo(Owner other) {
    return new Ids(first, count, Optional.of(other));
  }

  /** The number in there; one that has none is shown as the kernel shows it. */
  long inside(int id) {
    long number = Integer.toUnsignedLong(id) - first;
    return number >= 0 && number < count ? number : NOBODY;
  }

  int user(long uid) throws IOException {
    return outside(owner.map(Owner::uid).orElse(uid), "user");
  }

  int group(long gid) throws IOException {
    return outside(owner.map(Owner::gid).orElse(gid), "group");
  }

  private int outside(long id, String kind) throws IOException {
    if (id < 0 || id >= count) {
      throw new IOException("its %s %d does not exist there".formatted(kind, id));
    }
    return (int) (first + id);
  }
}
