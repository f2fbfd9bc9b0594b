package io.kapsel.engine;

import java.util.Optional;

/**
 * How files are copied.
 *
 * @param followLinks whether a link that is named stands for what it leads to
 * @param owner user and group that files become out here; empty: they stay whose they are
 */
public record CopyOptions(boolean followLinks, Optional<Owner> owner) {
  /** Who has files. */
  public record Owner(long uid, long gid) {}

  /** Links are copied as links, and files stay whose they are. */
  public static final CopyOptions PLAIN = new CopyOptions(false, Optional.empty());
}
