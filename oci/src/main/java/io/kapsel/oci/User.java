package io.kapsel.oci;

import java.util.List;
import java.util.Optional;

/** As whom a process runs, in the ids of the container. */
public record User(
    long uid,
    long gid,
    Optional<Integer> umask,
    List<Long> additionalGids,
    Optional<String> username) {
  private static final int ALL_BITS = 0777;

  /** Checks each part. */
  public User {
    additionalGids = List.copyOf(additionalGids);
    Check.id("process.user.uid", uid);
    Check.id("process.user.gid", gid);
    for (long id : additionalGids) {
      Check.id("process.user.additionalGids", id);
    }
    umask.ifPresent(mask ->
        Check.that(mask >= 0 && mask <= ALL_BITS, "process.user.umask", mask, "is not a umask"));
  }

  /** A user with no other groups. */
  public static User of(long uid, long gid) {
    return new User(uid, gid, Optional.empty(), List.of(), Optional.empty());
  }
}
